package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.ChatTemplate;
import dev.cotrace.format.Gguf;
import dev.cotrace.format.Goldens;
import dev.cotrace.format.MalformedModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class TokenizerTest {
  private static JsonNode golden(String name) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(Goldens.file("tokenizers/" + name)));
  }

  private static List<String> texts(JsonNode golden) {
    List<String> texts = new ArrayList<>();
    golden.get("texts").forEach(text -> texts.add(text.stringValue()));
    texts.add(golden.get("long").stringValue().repeat(golden.get("repeats").intValue()));
    return texts;
  }

  private static List<int[]> ids(JsonNode lists) {
    List<int[]> ids = new ArrayList<>();
    for (JsonNode list : lists) {
      int[] row = new int[list.size()];
      for (int i = 0; i < row.length; i++) {
        row[i] = list.get(i).intValue();
      }
      ids.add(row);
    }
    return ids;
  }

  private static Tokenizer gguf(Path file) throws IOException {
    try (Gguf gguf = Gguf.open(file)) {
      return Tokenizer.fromGguf(gguf);
    }
  }

  private static Tokenizer named(String name) throws IOException {
    return gguf(Goldens.file("tokenizers/%s.gguf".formatted(name)));
  }

  private static Tokenizer directory(String name) throws IOException {
    return Tokenizer.open(Goldens.file("tokenizers/" + name));
  }

  private static void assertEncodes(Tokenizer tokenizer, List<String> texts, List<int[]> ids) {
    for (int i = 0; i < texts.size(); i++) {
      assertThat(tokenizer.encode(texts.get(i))).as(texts.get(i)).isEqualTo(ids.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt-2",
        "smollm",
        "llama-bpe",
        "qwen2",
        "dbrx",
        "olmo",
        "tekken",
        "default",
        "spm",
        "spm-unprefixed"
      })
  void ggufVocabulariesEncodeAsTheReferenceDoes(String name) throws IOException {
    JsonNode golden = golden("references.json");
    try (Tokenizer tokenizer = named(name)) {
      assertEncodes(tokenizer, texts(golden), ids(golden.get("ids").get(name)));
    }
  }

  @Test
  void tokenizerFilesEncodeAsTheReferenceDoes() throws IOException {
    JsonNode golden = golden("references.json");
    try (Tokenizer llama = directory("llama3");
        Tokenizer qwen = directory("qwen2/tokenizer.json")) {
      assertEncodes(llama, texts(golden), ids(golden.get("ids").get("llama-bpe")));
      assertEncodes(qwen, texts(golden), ids(golden.get("ids").get("qwen2")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "mistral", "gemma"})
  void sentencePieceTokenizerFilesReadAndWriteAsTheReferenceDoes(String name) throws IOException {
    JsonNode golden = golden("references.json");
    try (Tokenizer tokenizer = directory(name)) {
      assertEncodes(tokenizer, texts(golden), ids(golden.get("ids").get(name)));
      List<int[]> lists = ids(golden.get("ids").get(name));
      for (int i = 0; i < lists.size(); i++) {
        String expected = golden.get("decoded").get(name).get(i).stringValue();
        assertThat(tokenizer.decode(lists.get(i))).isEqualTo(expected);
        assertThat(String.join("", tokenizer.pieces(lists.get(i)))).isEqualTo(expected);
      }
      assertThat(tokenizer.usualPrefix()).containsExactly(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "gemma"})
  void aCharacterOfByteTokensIsInThePieceOfItsLast(String name) throws IOException {
    try (Tokenizer tokenizer = directory(name)) {
      int[] ids = tokenizer.encode("x𝄞y");
      List<String> pieces = tokenizer.pieces(ids);
      assertThat(String.join("", pieces)).isEqualTo("x𝄞y");
      int last = pieces.indexOf("𝄞");
      assertThat(pieces.subList(last - 3, last)).containsOnly("");
      assertThat(tokenizer.token(ids[last])).isEqualTo("<0x9E>");
      int[] half = Arrays.copyOf(ids, last);
      assertThat(String.join("", tokenizer.pieces(half))).isEqualTo(tokenizer.decode(half));
    }
  }

  @Test
  void smollm2EncodesAsLlamaCppDoes() throws IOException {
    assumeSmolLm2();
    JsonNode golden = golden("smollm2.json");
    try (Tokenizer tokenizer = gguf(Goldens.smollm2())) {
      assertEncodes(tokenizer, texts(golden), ids(golden.get("ids")));
      assertThat(tokenizer.vocabularySize()).isEqualTo(49152);
      assertThat(tokenizer.beginToken()).hasValue(1);
      assertThat(tokenizer.endTokens()).containsExactly(2);
    }
  }

  private static void assumeSmolLm2() {
    Assumptions.assumeTrue(
        Files.exists(Goldens.smollm2()),
        "the built-in model is absent: run models/fetch-smollm2 to test with it");
  }

  @Test
  void longTextsAreNeitherTruncatedNorPadded() throws IOException {
    // The golden file asks for 16 tokens, DJL's default is 512.
    try (Tokenizer tokenizer = directory("llama3")) {
      String text = "word ".repeat(4000);
      assertThat(tokenizer.encode(text)).hasSizeGreaterThan(4000);
      assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
      assertThat(tokenizer.encode("a")).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt-2",
        "smollm",
        "llama-bpe",
        "qwen2",
        "dbrx",
        "olmo",
        "tekken",
        "default",
        "spm",
        "spm-unprefixed"
      })
  void decodingUndoesEncoding(String name) throws IOException {
    try (Tokenizer tokenizer = named(name)) {
      for (String text : texts(golden("references.json"))) {
        String expected =
            name.equals("qwen2") || name.equals("olmo")
                ? Normalizer.normalize(text, Normalizer.Form.NFC)
                : text;
        // SentencePiece cannot tell its space mark from a space.
        expected = name.startsWith("spm") ? expected.replace('▁', ' ') : expected;
        assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt-2",
        "smollm",
        "llama-bpe",
        "qwen2",
        "dbrx",
        "olmo",
        "tekken",
        "default",
        "spm",
        "spm-unprefixed"
      })
  void piecesJoinToTheDecodedText(String name) throws IOException {
    try (Tokenizer tokenizer = named(name)) {
      for (String text :
          golden("references.json")
              .get("texts")
              .valueStream()
              .map(JsonNode::stringValue)
              .toList()) {
        int[] ids = tokenizer.encode(text);
        List<String> pieces = tokenizer.pieces(ids);
        assertThat(pieces).hasSameSizeAs(ids);
        assertThat(String.join("", pieces)).isEqualTo(tokenizer.decode(ids));
      }
    }
  }

  @Test
  void aCharacterSpreadOverTokensIsInThePieceOfItsLast() throws IOException {
    try (Tokenizer tokenizer = named("gpt-2")) {
      int[] ids = tokenizer.encode("a𝄞b");
      List<String> pieces = tokenizer.pieces(ids);
      assertThat(pieces).startsWith("a", "").endsWith("𝄞", "b");
      assertThat(pieces.subList(1, pieces.size() - 2)).containsOnly("");
      assertThat(tokenizer.token(ids[1])).matches("(<0x[0-9A-F]{2}>)+");
    }
  }

  @Test
  void brokenUtf8StillGivesPieces() throws IOException {
    try (Tokenizer tokenizer = named("gpt-2")) {
      int[] half = {tokenizer.encode("𝄞")[0], tokenizer.encode("b")[0], tokenizer.encode("𝄞")[0]};
      assertThat(String.join("", tokenizer.pieces(half))).isEqualTo(tokenizer.decode(half));
    }
  }

  @Test
  void tokensAreShownAsText() throws IOException {
    try (Tokenizer bytes = named("gpt-2");
        Tokenizer pieces = named("spm")) {
      assertThat(bytes.token(bytes.encode(" the")[0])).isEqualTo(" the");
      assertThat(bytes.token(1)).isEqualTo("<|im_start|>");
      assertThat(pieces.token(pieces.encode("the")[0])).isEqualTo(" the");
    }
  }

  @Test
  void specialTokensAreRecognisedButNeverAdded() throws IOException {
    try (Tokenizer tokenizer = directory("llama3")) {
      int[] ids = tokenizer.encode("<|im_start|>a<|im_end|>");
      assertThat(ids).startsWith(1).endsWith(2).hasSize(3);
      assertThat(tokenizer.decode(ids)).isEqualTo("<|im_start|>a<|im_end|>");
      assertThat(tokenizer.decodeWithoutSpecial(ids)).isEqualTo("a");
      assertThat(tokenizer.encode("")).isEmpty();
      assertThat(tokenizer.decode()).isEmpty();
    }
  }

  @Test
  void beginAndEndTokensAreThoseOfTheFilesBeside() throws IOException {
    try (Tokenizer llama = directory("llama3");
        Tokenizer qwen = directory("qwen2")) {
      assertThat(llama.beginToken()).hasValue(0);
      assertThat(llama.endTokens()).containsExactlyInAnyOrder(0, 2);
      // null in tokenizer_config.json wins over the legacy file.
      assertThat(qwen.beginToken()).isEmpty();
      assertThat(qwen.endTokens()).containsExactlyInAnyOrder(0, 2);
      assertThat(qwen.vocabularySize()).isGreaterThan(256);
    }
  }

  @Test
  void chatTemplatesComeWithTheirSpecialTokens() throws IOException {
    ChatTemplate.Options options =
        new ChatTemplate.Options(false, Map.of(), LocalDateTime.of(2025, 3, 9, 7, 5));
    List<ChatTemplate.Message> messages = List.of(new ChatTemplate.Message("user", "hi"));
    try (Tokenizer llama = directory("llama3");
        Tokenizer qwen = directory("qwen2");
        Tokenizer gguf = named("gpt-2");
        Tokenizer plain = named("spm")) {
      assertThat(llama.chatTemplate().orElseThrow().render(messages, options))
          .isEqualTo("<|endoftext|>hi");
      assertThat(qwen.chatTemplate().orElseThrow().render(messages, options))
          .isEqualTo("hi<|endoftext|>");
      assertThat(gguf.chatTemplate().orElseThrow().render(messages, options))
          .isEqualTo("<|endoftext|>hi");
      assertThat(plain.chatTemplate()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\ud83c", "\udf0d", "\udf0d\ud83c", "x\ud83cy"})
  void loneSurrogatesAreRefused(String text) throws IOException {
    try (Tokenizer tokenizer = named("gpt-2")) {
      assertThatThrownBy(() -> tokenizer.encode(text))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("lone surrogate");
    }
  }

  @Test
  void idsOutsideTheVocabularyAreRefused() throws IOException {
    try (Tokenizer tokenizer = named("gpt-2")) {
      for (int id : new int[] {-1, tokenizer.vocabularySize(), Integer.MAX_VALUE}) {
        assertThatThrownBy(() -> tokenizer.decode(id)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> tokenizer.token(id)).isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void brokenAndMissingFilesAreNamed(@TempDir Path directory) throws IOException {
    assertThatThrownBy(() -> Tokenizer.open(directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a tokenizer.json");
    Path file = Files.writeString(directory.resolve("tokenizer.json"), "{\"model\":{}}");
    assertThatThrownBy(() -> Tokenizer.open(directory))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("model.vocab");
    Files.writeString(
        file, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[[\"x\",\"y\"]]}}");
    assertThatThrownBy(() -> Tokenizer.open(directory))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("Hugging Face library");
  }

  @Test
  void aCharacterThatTheVocabularyLacksIsRefusedInASentence() throws IOException {
    Path folder = Path.of(System.getProperty("cotrace.root"), "models", "arithmetic");
    try (Tokenizer tokenizer = Tokenizer.open(folder)) {
      assertThatThrownBy(() -> tokenizer.encode("S35x7h4:"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no tokens for all of the text \"S35x7h4:\"");
    }
  }
}
