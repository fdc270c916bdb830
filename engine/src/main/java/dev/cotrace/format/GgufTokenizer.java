package dev.cotrace.format;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ObjectNode;

/**
 * Builds a {@code tokenizer.json} from a GGUF file's vocabulary: byte-level BPE ({@code
 * tokenizer.ggml.model} is {@code gpt2}) or SentencePiece BPE ({@code llama}). A file that carries
 * a whole {@code tokenizer.huggingface.json} is taken at its word.
 */
final class GgufTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final String EMBEDDED = "tokenizer.huggingface.json";

  /** Token types: llama.h's {@code enum llama_token_type}. */
  static final int UNKNOWN = 2;

  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int BYTE = 6;

  private final Path file;
  private final GgufMetadata metadata;

  GgufTokenizer(Path file, GgufMetadata metadata) {
    this.file = file;
    this.metadata = metadata;
  }

  TokenizerDescription describe() {
    TokenizerJson json =
        metadata.contains(EMBEDDED)
            ? TokenizerJson.parse(file, metadata.string(EMBEDDED).getBytes(StandardCharsets.UTF_8))
            : new TokenizerJson(file, build());
    List<String> tokens = json.tokens();
    return new TokenizerDescription(
        file,
        json.text(),
        tokens,
        json.byteLevel(),
        json.addedTokens(),
        specialTokens(tokens),
        id("bos", tokens),
        endTokens(tokens, json.addedTokens()),
        metadata.contains("tokenizer.chat_template")
            ? Optional.of(metadata.string("tokenizer.chat_template"))
            : Optional.empty());
  }

  private ObjectNode build() {
    List<String> tokens = metadata.strings(PREFIX + "tokens");
    long[] types =
        metadata.contains(PREFIX + "token_type")
            ? metadata.integers(PREFIX + "token_type")
            : new long[tokens.size()];
    if (types.length != tokens.size()) {
      throw malformed(
          "expected as many token types as tokens (%d), got %d"
              .formatted(tokens.size(), types.length));
    }
    Map<String, Integer> ids = ids(tokens);
    String model = metadata.string(PREFIX + "model");
    ObjectNode root =
        switch (model) {
          case "gpt2" ->
              ByteLevelTokenizer.json(
                  ids,
                  metadata.strings(PREFIX + "merges"),
                  metadata.string(PREFIX + "pre", "default"),
                  metadata.string("general.architecture", ""),
                  this::malformed);
          case "llama" -> sentencePiece(tokens, ids, types);
          default ->
              throw malformed(
                  "expected a tokenizer of model gpt2 or llama, got %s; name a tokenizer.json with"
                          .formatted(model)
                      + " --tokenizer");
        };
    addTokens(root, tokens, types);
    return root;
  }

  private ObjectNode sentencePiece(List<String> tokens, Map<String, Integer> ids, long[] types) {
    double[] scores = metadata.numbers(PREFIX + "scores");
    if (scores.length != tokens.size()) {
      throw malformed(
          "expected as many scores as tokens (%d), got %d".formatted(tokens.size(), scores.length));
    }
    boolean prefixed = metadata.flag(PREFIX + "add_space_prefix", true);
    return new SentencePieceTokenizer(tokens, ids, types, scores).json(prefixed);
  }

  private Map<String, Integer> ids(List<String> tokens) {
    Map<String, Integer> ids = new HashMap<>();
    for (int id = 0; id < tokens.size(); id++) {
      if (ids.put(tokens.get(id), id) != null) {
        throw malformed(
            "expected distinct tokens, got '%s' twice; name a tokenizer.json with --tokenizer"
                .formatted(tokens.get(id)));
      }
    }
    return ids;
  }

  private static void addTokens(ObjectNode root, List<String> tokens, long[] types) {
    var added = root.putArray("added_tokens");
    for (int id = 0; id < types.length; id++) {
      boolean special = types[id] == CONTROL || types[id] == UNKNOWN;
      if ((special || types[id] == USER_DEFINED) && !tokens.get(id).isEmpty()) {
        added
            .addObject()
            .put("id", id)
            .put("content", tokens.get(id))
            .put("single_word", false)
            .put("lstrip", false)
            .put("rstrip", false)
            .put("normalized", false)
            .put("special", special);
      }
    }
  }

  private Map<String, String> specialTokens(List<String> tokens) {
    Map<String, String> special = new TreeMap<>();
    Map.of("bos", "bos_token", "eos", "eos_token", "unknown", "unk_token", "padding", "pad_token")
        .forEach((key, variable) ->
            id(key, tokens).ifPresent(id -> special.put(variable, tokens.get(id))));
    return special;
  }

  private Set<Integer> endTokens(List<String> tokens, Set<Integer> added) {
    Set<Integer> ends = new HashSet<>(TokenizerDescription.ends(tokens, added));
    for (String name : List.of("eos", "eot", "eom")) {
      id(name, tokens).ifPresent(ends::add);
    }
    return ends;
  }

  private OptionalInt id(String name, List<String> tokens) {
    String key = PREFIX + name + "_token_id";
    if (!metadata.contains(key)) {
      return OptionalInt.empty();
    }
    long id = metadata.integer(key);
    // Writers mark "none" with ids outside the vocabulary.
    return id >= 0 && id < tokens.size() ? OptionalInt.of((int) id) : OptionalInt.empty();
  }

  private MalformedModelException malformed(String reason) {
    return new MalformedModelException(file, 0, reason);
  }
}
