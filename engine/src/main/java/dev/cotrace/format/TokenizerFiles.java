package dev.cotrace.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * The tokenizer files of a Hugging Face directory: {@code tokenizer.json}, and beside it {@code
 * tokenizer_config.json}, {@code special_tokens_map.json}, {@code chat_template.jinja}, {@code
 * config.json} and {@code generation_config.json}, each of which may be missing.
 */
final class TokenizerFiles {
  private static final List<String> SPECIAL =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "pad_token",
          "sep_token",
          "cls_token",
          "mask_token");

  static final String TOKENIZER = "tokenizer.json";
  private static final String TEMPLATE = "chat_template.jinja";

  /** All the files, each of which but the first may be missing. */
  static final List<String> NAMES =
      List.of(
          TOKENIZER,
          "tokenizer_config.json",
          "special_tokens_map.json",
          TEMPLATE,
          "config.json",
          "generation_config.json");

  private final Path directory;
  private final TokenizerJson json;

  private TokenizerFiles(Path directory, TokenizerJson json) {
    this.directory = directory;
    this.json = json;
  }

  static TokenizerDescription read(Path tokenizer) throws IOException {
    Path file = Files.isDirectory(tokenizer) ? tokenizer.resolve(TOKENIZER) : tokenizer;
    if (!Files.exists(file)) {
      throw new IllegalArgumentException(
          ("expected a tokenizer.json at %s, found none; slow tokenizers (tokenizer.model,"
                  + " vocab.txt) are converted by transformers: python -c \"from transformers"
                  + " import AutoTokenizer as T; T.from_pretrained('MODEL').save_pretrained('DIR')\"")
              .formatted(file));
    }
    TokenizerJson json = TokenizerJson.parse(file, RegularFile.bytes(file));
    Path beside = file.toAbsolutePath().getParent();
    return new TokenizerFiles(beside == null ? file : beside, json).describe();
  }

  private TokenizerDescription describe() throws IOException {
    JsonNode config = optional("tokenizer_config.json");
    List<String> tokens = json.tokens();
    Map<String, String> special = specialTokens(config);
    return new TokenizerDescription(
        json.file(),
        json.text(),
        tokens,
        json.byteLevel(),
        json.addedTokens(),
        special,
        beginToken(tokens, special),
        endTokens(tokens, special),
        chatTemplate(config));
  }

  private JsonNode optional(String name) throws IOException {
    Path file = directory.resolve(name);
    return Files.exists(file)
        ? Json.object(file, 0, RegularFile.bytes(file))
        : Json.MAPPER.createObjectNode();
  }

  /** Special tokens are strings, or objects with their content. */
  private Map<String, String> specialTokens(JsonNode config) throws IOException {
    JsonNode legacy = optional("special_tokens_map.json");
    Map<String, String> special = new TreeMap<>();
    for (String name : SPECIAL) {
      // In tokenizer_config.json null says that there is none.
      JsonNode value = config.has(name) ? config.path(name) : legacy.path(name);
      String text = value.isObject() ? value.path("content").asString("") : value.asString("");
      if (!text.isEmpty()) {
        special.put(name, text);
      }
    }
    return special;
  }

  private OptionalInt beginToken(List<String> tokens, Map<String, String> special) {
    int id = tokens.indexOf(special.getOrDefault("bos_token", "\0"));
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  private Set<Integer> endTokens(List<String> tokens, Map<String, String> special)
      throws IOException {
    Set<Integer> ends = new HashSet<>();
    for (String name : List.of("config.json", "generation_config.json")) {
      Path file = directory.resolve(name);
      if (Files.exists(file)) {
        ends.addAll(ModelConfig.read(file).integers("eos_token_id"));
      }
    }
    ends.add(tokens.indexOf(special.getOrDefault("eos_token", "\0")));
    ends.addAll(TokenizerDescription.ends(tokens, json.addedTokens()));
    ends.removeIf(id -> id < 0 || id >= tokens.size());
    return ends;
  }

  /** A template file wins over the configuration's key, which may hold several by name. */
  private Optional<String> chatTemplate(JsonNode config) throws IOException {
    Path file = directory.resolve(TEMPLATE);
    if (Files.exists(file)) {
      return Optional.of(Json.utf8(file, 0, ByteBuffer.wrap(RegularFile.bytes(file))));
    }
    JsonNode template = config.path("chat_template");
    if (template.isString()) {
      return Optional.of(template.stringValue());
    }
    for (JsonNode named : template) {
      if (named.path("name").asString("").equals("default")) {
        return Optional.of(named.path("template").asString(""));
      }
    }
    return Optional.empty();
  }
}
