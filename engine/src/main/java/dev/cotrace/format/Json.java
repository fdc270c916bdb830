package dev.cotrace.format;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Strict JSON: UTF-8, no duplicate keys, nothing after the value, bounded depth. */
final class Json {
  static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /**
   * Parses one JSON object.
   *
   * @param offset where {@code bytes} begin in {@code file}, for errors
   */
  static JsonNode object(Path file, long offset, byte[] bytes) {
    JsonNode node = parse(file, offset, utf8(file, offset, ByteBuffer.wrap(bytes)));
    if (!node.isObject()) {
      throw new MalformedModelException(
          file, offset, "expected a JSON object, got a JSON " + node.getNodeType());
    }
    return node;
  }

  private static JsonNode parse(Path file, long offset, String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      long at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getCharOffset());
      throw new MalformedModelException(
          file, offset + at, "expected strict JSON, but: " + e.getOriginalMessage());
    }
  }

  /** Decodes UTF-8 without replacing anything. */
  static String utf8(Path file, long offset, ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new MalformedModelException(
          file, offset + bytes.position(), "expected UTF-8 text, got bytes that are not");
    }
  }
}
