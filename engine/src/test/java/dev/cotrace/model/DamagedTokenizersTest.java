package dev.cotrace.model;

import dev.cotrace.format.Damage;
import dev.cotrace.format.Gguf;
import dev.cotrace.format.GgufFields;
import dev.cotrace.format.Goldens;
import dev.cotrace.format.JsonMutations;
import dev.cotrace.format.Mutations;
import dev.cotrace.format.jinja.TemplateException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Damaged tokenizers end in ids or in a typed error. The native library that reads them ends the
 * process on what it does not expect, so a failure here is a lost test process.
 */
class DamagedTokenizersTest {
  /** Every part that is let through at least once, in one file or another. */
  private static final String PARTS =
      """
      {"version": "1.0", "added_tokens": [
         {"id": 5, "content": "<x>", "single_word": false, "lstrip": true, "rstrip": true, "normalized": false, "special": true},
         {"id": 6, "content": "e\u0301", "single_word": true, "lstrip": true, "rstrip": false, "normalized": true, "special": false}],
       "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "StripAccents"}, {"type": "Lowercase"},
         {"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
         {"type": "Replace", "pattern": {"Regex": "\\\\d+"}, "content": "a"}]},
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true},
         {"type": "Split", "pattern": {"Regex": "[^\\\\s\\\\p{L}]+|\\\\s+(?!\\\\S)"}, "behavior": "MergedWithPrevious", "invert": true},
         {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": true},
         {"type": "Punctuation", "behavior": "Contiguous"}, {"type": "WhitespaceSplit"}]},
       "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
         {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<x>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
          "pair": [], "special_tokens": {"<x>": {"id": "<x>", "ids": [5], "tokens": ["<x>"]}}}]},
       "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
         {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0},
         {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": true}]},
       "model": %s}
      """;

  private static final String UNIGRAM =
      """
      {"type": "Unigram", "unk_id": 0, "byte_fallback": false,
       "vocab": [["<unk>", 0.0], ["a", -1.5], ["b", -2.5], ["ab", -2.0], ["\u2581", -3.0]]}
      """;
  private static final String WORDS =
      "{\"type\": \"WordLevel\", \"unk_token\": \"a\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}}";
  private static final String PAIRS =
      """
      {"type": "BPE", "dropout": null, "unk_token": "a", "continuing_subword_prefix": "", "end_of_word_suffix": null,
       "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
       "vocab": {"a": 0, "b": 1, "ab": 2, "<0xC3>": 3, "aba": 4}, "merges": [["a", "b"], ["ab", "a"]]}
      """;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"unigram, 1", "words, 2", "pairs, 3", "llama3, 4", "qwen2, 5"})
  void damagedTokenizersAreRefusedOrUsed(String name, long seed) throws IOException {
    String original =
        switch (name) {
          case "unigram" -> PARTS.formatted(UNIGRAM);
          case "words" -> PARTS.formatted(WORDS);
          case "pairs" -> PARTS.formatted(PAIRS);
          default -> Files.readString(Goldens.file("tokenizers/%s/tokenizer.json".formatted(name)));
        };
    Path file = directory.resolve("tokenizer.json");
    Damage.survive(
        seed,
        2000,
        "tokenizer.json",
        random -> {
          Files.write(file, damaged(original, random));
          try (Tokenizer tokenizer = Tokenizer.open(file)) {
            use(tokenizer);
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"llama3, 6", "qwen2, 7"})
  void damagedTokenizerConfigurationsAreRefusedOrUsed(String name, long seed) throws IOException {
    Path files = Goldens.file("tokenizers/" + name);
    Files.copy(files.resolve("tokenizer.json"), directory.resolve("tokenizer.json"));
    String original = Files.readString(files.resolve("tokenizer_config.json"));
    Path config = directory.resolve("tokenizer_config.json");
    Path template = directory.resolve("chat_template.jinja");
    Damage.survive(
        seed,
        5000,
        directory.toString(),
        random -> {
          Files.write(config, damaged(original, random));
          Files.deleteIfExists(template);
          if (random.nextInt(4) == 0) {
            Files.write(template, new byte[] {'{', '{', (byte) random.nextInt(), '}', '}'});
          }
          try (Tokenizer tokenizer = Tokenizer.open(directory)) {
            tokenizer.chatTemplate();
          } catch (TemplateException expected) {
            // names the template's line
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-2", "default", "spm"})
  void damagedGgufVocabulariesAreRefusedOrUsed(String name) throws IOException {
    byte[] original = Files.readAllBytes(Goldens.file("tokenizers/%s.gguf".formatted(name)));
    GgufFields fields = new GgufFields(original);
    Path file = directory.resolve("damaged.gguf");
    Damage.survive(
        name.hashCode(),
        3400,
        "damaged.gguf",
        random -> {
          boolean blind = random.nextInt(4) > 0;
          Files.write(file, blind ? Mutations.damage(original, random) : fields.damage(random));
          try (Gguf gguf = Gguf.open(file);
              Tokenizer tokenizer = Tokenizer.fromGguf(gguf)) {
            use(tokenizer);
          }
        });
  }

  private static byte[] damaged(String json, SplittableRandom random) {
    return random.nextInt(4) == 0
        ? Mutations.damage(json.getBytes(StandardCharsets.UTF_8), random)
        : JsonMutations.damage(json, random).getBytes(StandardCharsets.UTF_8);
  }

  private static void use(Tokenizer tokenizer) {
    for (String text :
        new String[] {"ab a", " <x>  e\u0301 <x><x>é1\u00002 \n", "aaab".repeat(60)}) {
      try {
        tokenizer.pieces(tokenizer.encode(text));
      } catch (IllegalArgumentException expected) {
        // ids beyond the listed ones, or no token for a character
      }
    }
    tokenizer.decode(0, tokenizer.vocabularySize() - 1);
    tokenizer.usualPrefix();
  }
}
