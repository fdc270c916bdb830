package dev.cotrace.format;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Strict JSON: UTF-8, no duplicate keys, nothing after the value, bounded depth. */
final class Json {
  private static final int MOST_SHOWN = 120;

  /** Three times what the largest tokenizers have; a token takes some 50 bytes of memory. */
  private static final long MOST_TOKENS = 10_000_000;

  static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxTokenCount(MOST_TOKENS).build())
                  .build())
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

  /** The beginning of a value, short enough for an error. */
  static String excerpt(Object value) {
    String text = value.toString();
    return text.length() <= MOST_SHOWN ? text : text.substring(0, MOST_SHOWN) + " …";
  }

  private static JsonNode parse(Path file, long offset, String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JacksonException e) {
      long characters = e.getLocation() == null ? 0 : e.getLocation().getCharOffset();
      int at = (int) Math.clamp(characters, 0, text.length());
      long bytes = text.substring(0, at).getBytes(StandardCharsets.UTF_8).length;
      throw new MalformedModelException(
          file, offset + bytes, "expected strict JSON, but: " + excerpt(JsonProblem.of(e)));
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
