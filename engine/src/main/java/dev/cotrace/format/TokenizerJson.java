package dev.cotrace.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What there is to know from a parsed {@code tokenizer.json}. */
record TokenizerJson(Path file, ObjectNode root) {
  /** Largest id that is believed: a vocabulary is listed densely. */
  private static final int MAX_ID = 10_000_000;

  static TokenizerJson parse(Path file, byte[] bytes) {
    ObjectNode root = (ObjectNode) Json.object(file, 0, bytes);
    // A file may carry the truncation and padding of whoever saved it.
    root.putNull("truncation");
    root.putNull("padding");
    return new TokenizerJson(file, root);
  }

  /**
   * The text for the native library.
   *
   * @throws MalformedModelException when it could end the process ({@link TokenizerParts})
   */
  String text() {
    TokenizerParts.check(root, this::malformed);
    return Json.MAPPER.writeValueAsString(root);
  }

  /** Stored spelling by id; ids that no token has are empty. */
  List<String> tokens() {
    List<String> tokens = new ArrayList<>();
    JsonNode vocabulary = root.path("model").path("vocab");
    if (vocabulary.isArray()) {
      for (JsonNode piece : vocabulary) {
        put(tokens, tokens.size(), piece.path(0).asString(""));
      }
    } else {
      for (Map.Entry<String, JsonNode> entry : vocabulary.properties()) {
        put(tokens, id(entry.getValue()), entry.getKey());
      }
    }
    for (JsonNode added : root.path("added_tokens")) {
      put(tokens, id(added.path("id")), added.path("content").asString(""));
    }
    if (tokens.isEmpty()) {
      throw malformed("expected a vocabulary under model.vocab");
    }
    return tokens;
  }

  /** Ids of the tokens that are matched in the text before all others. */
  Set<Integer> addedTokens() {
    Set<Integer> ids = new HashSet<>();
    for (JsonNode added : root.path("added_tokens")) {
      ids.add(id(added.path("id")));
    }
    return ids;
  }

  boolean byteLevel() {
    JsonNode decoder = root.path("decoder");
    boolean found = decoder.path("type").asString("").equals("ByteLevel");
    for (JsonNode part : decoder.path("decoders")) {
      found |= part.path("type").asString("").equals("ByteLevel");
    }
    return found;
  }

  private int id(JsonNode node) {
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.intValue() < 0
        || node.intValue() > MAX_ID) {
      throw malformed(
          "expected token ids from 0 to %d, got %s".formatted(MAX_ID, Json.excerpt(node)));
    }
    return node.intValue();
  }

  private static void put(List<String> tokens, int id, String token) {
    while (tokens.size() <= id) {
      tokens.add("");
    }
    tokens.set(id, token);
  }

  private MalformedModelException malformed(String reason) {
    return new MalformedModelException(file, 0, reason);
  }
}
