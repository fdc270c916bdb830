package dev.cotrace.task;

import dev.cotrace.format.JsonProblem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Rows of JSON files, one at a time: one object a line, one list of objects, or the list {@code
 * prompts} of one object, as auto-circuit's files have it.
 */
final class JsonRows {
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** For rows in one document, behind each of which more follows. */
  private static final JsonMapper PARTS =
      MAPPER.rebuild().disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  /** What auto-circuit keeps beside the prompts: labels for drawings. */
  private static final Set<String> LABELS = Set.of("seq_labels", "word_idxs");

  private final Path path;

  private JsonRows(Path path) {
    this.path = path;
  }

  /** One object a line; empty lines are skipped. */
  static void lines(Path path, Row.Sink sink) throws IOException {
    TextLines.read(
        path,
        (number, line) -> {
          String where = "%s, line %d".formatted(path, number);
          return line.isBlank() || sink.accept(new Row(where, parse(where, line)));
        });
  }

  private static JsonNode parse(String where, String line) {
    try {
      return MAPPER.readTree(line);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s: expected one JSON object, but: %s".formatted(where, JsonProblem.of(e)), e);
    }
  }

  /** A list, an object with a list {@code prompts}, or one object a line after all. */
  static void document(Path path, Row.Sink sink) throws IOException {
    if (!new JsonRows(path).isDocument(sink)) {
      lines(path, sink);
    }
  }

  private boolean isDocument(Row.Sink sink) throws IOException {
    try (InputStream in = Files.newInputStream(path);
        JsonParser parser = PARTS.createParser(in)) {
      JsonToken first = parser.nextToken();
      if (first == JsonToken.START_ARRAY) {
        list(parser, "row", sink);
        return true;
      }
      return first == JsonToken.START_OBJECT && prompts(parser, sink);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s, line %d: expected JSON, but: %s"
              .formatted(path, JsonProblem.line(e), JsonProblem.of(e)),
          e);
    }
  }

  /** Whether the object has prompts; those are read then. */
  private boolean prompts(JsonParser parser, Row.Sink sink) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = parser.currentName();
      JsonToken value = parser.nextToken();
      if (name.equals("prompts") && value == JsonToken.START_ARRAY) {
        list(parser, "prompt", sink);
        return true;
      }
      if (!LABELS.contains(name)) {
        return false;
      }
      parser.skipChildren();
    }
    return false;
  }

  private void list(JsonParser parser, String what, Row.Sink sink) {
    int number = 1;
    boolean more = true;
    while (more && parser.nextToken() != JsonToken.END_ARRAY) {
      JsonNode fields = PARTS.readTree(parser);
      more = sink.accept(new Row("%s, %s %d".formatted(path, what, number++), fields));
    }
  }
}
