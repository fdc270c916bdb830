package dev.cotrace.format;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Checks a {@code tokenizer.json} before the native library sees it. That library ends the process
 * on parts that it did not expect (a template without its token, a strip longer than a token, a
 * pattern that backtracks for long), so only parts and settings are let through that cannot.
 *
 * <p>Source: huggingface/tokenizers, src/{models,normalizers,pre_tokenizers,processors,decoders}.
 */
final class TokenizerParts {
  private static final int MOST_PARTS = 32;
  private static final int MOST_NESTING = 8;

  private static final int LONGEST_TEXT = 256;

  /** Settings that are no plain values; each is checked by itself. */
  private static final Set<String> STRUCTURED = Set.of("pattern", "single", "special_tokens");

  /** How many times longer normalising may make a text: one character becomes a few. */
  private static final double MOST_GROWTH = 1000;

  /** Known parts and their settings; all others are taken away. */
  private static final Map<String, Set<String>> NORMALIZERS =
      Map.of(
          "NFC", Set.of(),
          "NFD", Set.of(),
          "NFKC", Set.of(),
          "NFKD", Set.of(),
          "Lowercase", Set.of(),
          "StripAccents", Set.of(),
          "Prepend", Set.of("prepend"),
          "Replace", Set.of("pattern", "content"));

  private static final Set<String> BYTE_LEVEL =
      Set.of("add_prefix_space", "trim_offsets", "use_regex");
  private static final Set<String> METASPACE =
      Set.of("replacement", "add_prefix_space", "prepend_scheme", "split");

  private static final Map<String, Set<String>> PRE_TOKENIZERS =
      Map.of(
          "ByteLevel", BYTE_LEVEL,
          "Split", Set.of("pattern", "behavior", "invert"),
          "Digits", Set.of("individual_digits"),
          "Metaspace", METASPACE,
          "Punctuation", Set.of("behavior"),
          "Whitespace", Set.of(),
          "WhitespaceSplit", Set.of());

  private static final Map<String, Set<String>> POST_PROCESSORS =
      Map.of("ByteLevel", BYTE_LEVEL, "TemplateProcessing", Set.of("single", "special_tokens"));

  private static final Map<String, Set<String>> DECODERS =
      Map.of(
          "ByteLevel", BYTE_LEVEL,
          "Replace", Set.of("pattern", "content"),
          "ByteFallback", Set.of(),
          "Fuse", Set.of(),
          "Strip", Set.of("content", "start", "stop"),
          "Metaspace", METASPACE);

  private final ObjectNode root;
  private final Function<String, MalformedModelException> malformed;
  private int parts;
  private double growth = 1;

  private TokenizerParts(ObjectNode root, Function<String, MalformedModelException> malformed) {
    this.root = root;
    this.malformed = malformed;
  }

  /** Throws what {@code malformed} makes of the first part that is not known to be harmless. */
  static void check(ObjectNode root, Function<String, MalformedModelException> malformed) {
    TokenizerParts check = new TokenizerParts(root, malformed);
    check.model();
    check.addedTokens();
    check.parts("normalizer", "normalizers", NORMALIZERS);
    check.parts("pre_tokenizer", "pretokenizers", PRE_TOKENIZERS);
    check.growth = 1;
    check.parts("decoder", "decoders", DECODERS);
    check.parts("post_processor", "processors", POST_PROCESSORS);
  }

  private void model() {
    if (!(root.get("model") instanceof ObjectNode model)) {
      throw malformed.apply("expected an object under model");
    }
    if (!model.has("type") && model.has("merges")) {
      model.put("type", "BPE"); // Files of before 2020 do not say it.
    }
    switch (model.path("type").asString("")) {
      case "BPE" -> {
        refuse(model, "continuing_subword_prefix");
        refuse(model, "end_of_word_suffix");
        JsonNode dropout = model.path("dropout");
        if (!dropout.isMissingNode() && !dropout.isNull() && dropout.asDouble(1) != 0) {
          throw malformed.apply("expected model.dropout of 0: tokens may not be a matter of luck");
        }
      }
      case "WordLevel" -> {}
      case "Unigram" -> {
        for (JsonNode piece : model.path("vocab")) {
          if (piece.path(0).asString("").isEmpty()) {
            throw malformed.apply("expected pieces of at least one character in model.vocab");
          }
        }
      }
      case String other -> throw unknown("model", other, Set.of("BPE", "Unigram", "WordLevel"));
    }
  }

  private void refuse(ObjectNode model, String key) {
    if (!model.path(key).asString("").isEmpty()) {
      throw malformed.apply("model.%s is not supported".formatted(key));
    }
  }

  private void addedTokens() {
    for (JsonNode added : root.path("added_tokens")) {
      if (!added.path("content").isString() || added.path("content").stringValue().isEmpty()) {
        throw malformed.apply("expected the text of every added token under content");
      }
    }
  }

  private void parts(String name, String list, Map<String, Set<String>> known) {
    parts = 0;
    JsonNode node = root.path(name);
    if (!node.isNull() && !node.isMissingNode()) {
      part(name, node, list, known, 0);
    }
  }

  private void part(
      String name, JsonNode part, String list, Map<String, Set<String>> known, int depth) {
    if (!(part instanceof ObjectNode node)) {
      throw malformed.apply("expected an object in %s, got %s".formatted(name, Json.excerpt(part)));
    }
    String type = node.path("type").asString("");
    if (++parts > MOST_PARTS || depth > MOST_NESTING) {
      throw malformed.apply("expected at most %d parts in %s".formatted(MOST_PARTS, name));
    }
    if (type.equals("Sequence")) {
      node.retain(List.of("type", list));
      if (!node.path(list).isArray()) {
        throw malformed.apply("expected an array %s in %s".formatted(list, name));
      }
      node.path(list).forEach(inner -> part(name, inner, list, known, depth + 1));
      return;
    }
    Set<String> settings = known.get(type);
    if (settings == null) {
      throw unknown(name, type, known.keySet());
    }
    settings(name, node, settings);
    switch (type) {
      case "Split" -> pattern(name, node.path("pattern"));
      case "Replace" -> replace(name, node);
      case "Prepend" -> shortText(name, node.path("prepend"));
      case "Strip" -> strip(node);
      case "TemplateProcessing" -> template(node);
      default -> {}
    }
  }

  /** Keeps the known settings, which are truth values, small numbers and short texts. */
  private void settings(String name, ObjectNode node, Set<String> known) {
    node.removeIf(value -> value.isNull());
    List<String> kept = new ArrayList<>(known);
    kept.add("type");
    node.retain(kept);
    node.forEachEntry((key, value) -> {
      boolean number = value.isInt() && value.intValue() >= 0;
      boolean text = value.isString() && value.stringValue().length() <= LONGEST_TEXT;
      boolean plain = number || text || value.isBoolean();
      if (!plain && !STRUCTURED.contains(key)) {
        throw malformed.apply(
            "expected a setting of %s under %s, got %s".formatted(name, key, Json.excerpt(value)));
      }
    });
  }

  /** A text that is searched for, or a pattern that cannot run long; null for a pattern. */
  private @Nullable String pattern(String name, JsonNode pattern) {
    JsonNode text = pattern.path("String");
    if (pattern.size() == 1 && text.isString() && !text.stringValue().isEmpty()) {
      return text.stringValue();
    }
    JsonNode regex = pattern.path("Regex");
    if (pattern.size() != 1 || !regex.isString()) {
      throw malformed.apply("expected a pattern with a String or a Regex in " + name);
    }
    SplitPattern.why(regex.stringValue())
        .ifPresent(why -> {
          throw malformed.apply(
              "the pattern of %s is not supported, because it %s: %s"
                  .formatted(name, why, Json.excerpt(regex.stringValue())));
        });
    return null;
  }

  private void replace(String name, JsonNode node) {
    String from = pattern(name, node.path("pattern"));
    int grown = shortText(name, node.path("content")) + (from == null ? 1 : 0);
    growth *= Math.max(1, (double) grown / (from == null ? 1 : from.length()));
    if (growth > MOST_GROWTH) {
      throw malformed.apply("expected %s to keep texts short".formatted(name));
    }
  }

  private int shortText(String name, JsonNode text) {
    if (!text.isString() || text.stringValue().length() > LONGEST_TEXT) {
      throw malformed.apply(
          "expected a text of at most %d characters in %s".formatted(LONGEST_TEXT, name));
    }
    return text.stringValue().length();
  }

  private void strip(JsonNode node) {
    JsonNode start = node.path("start");
    if (!start.isIntegralNumber() || !start.canConvertToInt() || node.path("stop").asInt(-1) != 0) {
      throw malformed.apply("expected the decoder to strip nothing but the beginning");
    }
  }

  /** What a text gets in front and behind; two texts at once are never encoded. */
  private void template(ObjectNode node) {
    JsonNode special = node.path("special_tokens");
    ObjectNode used = Json.MAPPER.createObjectNode();
    ArrayNode single = Json.MAPPER.createArrayNode();
    for (JsonNode piece : node.path("single")) {
      String token = piece.path("SpecialToken").path("id").asString("");
      if (piece.path("Sequence").path("id").asString("").equals("A")) {
        single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
      } else if (special.path(token).path("ids").isArray()) {
        single.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
        used.set(token, special(token, special.path(token).path("ids")));
      } else {
        throw malformed.apply(
            "expected post_processor to name the text A or one of its special_tokens, got "
                + Json.excerpt(piece));
      }
    }
    node.set("single", single);
    node.set("special_tokens", used);
    ArrayNode pair = node.putArray("pair");
    for (String id : List.of("A", "B")) {
      pair.addObject().putObject("Sequence").put("id", id).put("type_id", 0);
    }
  }

  private ObjectNode special(String token, JsonNode ids) {
    ObjectNode special = Json.MAPPER.createObjectNode().put("id", token);
    ArrayNode kept = special.putArray("ids");
    ArrayNode texts = special.putArray("tokens");
    for (JsonNode id : ids) {
      if (!id.isInt() || id.intValue() < 0) {
        throw malformed.apply("expected token ids in post_processor, got " + Json.excerpt(id));
      }
      kept.add(id.intValue());
      texts.add(token);
    }
    return special;
  }

  private MalformedModelException unknown(String name, String type, Set<String> known) {
    String[] names = known.toArray(String[]::new);
    Arrays.sort(names);
    return malformed.apply(
        "a %s of type %s is not supported; supported are %s"
            .formatted(name, type.isEmpty() ? "none" : type, String.join(", ", names)));
  }
}
