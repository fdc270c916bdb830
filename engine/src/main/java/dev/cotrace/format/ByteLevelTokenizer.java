package dev.cotrace.format;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The {@code tokenizer.json} of a byte-level BPE vocabulary (GPT-2's scheme). How text is cut
 * before merging is not in a GGUF file, only a name for it; the patterns are those of the published
 * tokenizers.
 */
final class ByteLevelTokenizer {
  private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String AFTER_DIGITS =
      "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String LETTERS = "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  private static final String LLAMA3 = CONTRACTIONS + LETTERS + "|\\p{N}{1,3}" + AFTER_DIGITS;
  private static final String QWEN2 = CONTRACTIONS + LETTERS + "|\\p{N}" + AFTER_DIGITS;
  private static final String CAPITALS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String SMALL = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String TEKKEN =
      "[^\\r\\n\\p{L}\\p{N}]?%1$s*%2$s+|[^\\r\\n\\p{L}\\p{N}]?%1$s+%2$s*|\\p{N}"
              .formatted(CAPITALS, SMALL)
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** What llama.cpp does for files that name no way of cutting, one after the other. */
  private static final List<String> DEFAULT =
      List.of(
          "[\\p{P}\\$\\+<=>\\^~\\|]+",
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)",
          "\\p{N}+",
          "[0-9][0-9][0-9]");

  private ByteLevelTokenizer() {}

  static ObjectNode json(
      Map<String, Integer> ids,
      List<String> merges,
      String cut,
      String architecture,
      Function<String, MalformedModelException> malformed) {
    ObjectNode root = Json.MAPPER.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding").putNull("normalizer");
    ObjectNode before = root.putObject("pre_tokenizer");
    boolean wholeWords = Set.of("llama-bpe", "llama3", "llama-v3", "tekken").contains(cut);
    boolean composed = Set.of("olmo", "mpt", "qwen2", "deepseek-r1-qwen").contains(cut);
    switch (cut) {
      case "gpt-2", "phi-2", "olmo", "mpt" -> byteLevel(before, true);
      case "smollm", "starcoder", "refact" -> {
        ArrayNode sequence = sequence(before);
        sequence.addObject().put("type", "Digits").put("individual_digits", true);
        byteLevel(sequence.addObject(), true);
      }
      case "llama-bpe", "llama3", "llama-v3", "dbrx" -> split(before, LLAMA3);
      case "qwen2", "deepseek-r1-qwen" -> split(before, QWEN2);
      case "tekken" -> split(before, TEKKEN);
      case "default" -> split(before, DEFAULT.toArray(String[]::new));
      default ->
          throw malformed.apply(
              "expected tokenizer.ggml.pre to be default, gpt-2, phi-2, olmo, mpt, smollm, starcoder,"
                  + " refact, llama-bpe, dbrx, qwen2, deepseek-r1-qwen or tekken, got '%s'; name a"
                      .formatted(cut)
                  + " tokenizer.json with --tokenizer");
    }
    // GPT-NeoX's tokenizer composes characters too; converters give it several names.
    if (composed || architecture.equals("gptneox")) {
      root.putObject("normalizer").put("type", "NFC");
    }
    byteLevel(root.putObject("decoder"), true);
    model(root.putObject("model"), ids, merges, wholeWords, malformed);
    return root;
  }

  private static ArrayNode sequence(ObjectNode node) {
    return node.put("type", "Sequence").putArray("pretokenizers");
  }

  private static void byteLevel(ObjectNode node, boolean gpt2Pattern) {
    node.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", gpt2Pattern);
  }

  private static void split(ObjectNode node, String... patterns) {
    ArrayNode sequence = sequence(node);
    for (String pattern : patterns) {
      ObjectNode split = sequence.addObject().put("type", "Split");
      split.putObject("pattern").put("Regex", pattern);
      split.put("behavior", "Isolated").put("invert", false);
    }
    byteLevel(sequence.addObject(), false);
  }

  private static void model(
      ObjectNode model,
      Map<String, Integer> ids,
      List<String> merges,
      boolean wholeWords,
      Function<String, MalformedModelException> malformed) {
    model.put("type", "BPE").put("ignore_merges", wholeWords).put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    ids.forEach(vocabulary::put);
    ArrayNode pairs = model.putArray("merges");
    for (String merge : merges) {
      int space = merge.indexOf(' ', 1);
      if (space < 0) {
        throw malformed.apply("expected merges of two tokens, got '%s'".formatted(merge));
      }
      pairs.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
    }
  }
}
