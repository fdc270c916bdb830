package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GgufTokenizerTest {
  private static GgufValue texts(String... values) {
    return new GgufValue.Items(
        Arrays.stream(values).map(value -> (GgufValue) new GgufValue.Text(value)).toList());
  }

  private static GgufValue wholes(long... values) {
    return new GgufValue.Items(
        Arrays.stream(values).mapToObj(value -> (GgufValue) new GgufValue.Whole(value)).toList());
  }

  private static Map<String, GgufValue> valid() {
    Map<String, GgufValue> values = new LinkedHashMap<>();
    values.put("tokenizer.ggml.model", new GgufValue.Text("gpt2"));
    values.put("tokenizer.ggml.pre", new GgufValue.Text("qwen2"));
    values.put("tokenizer.ggml.tokens", texts("a", "b", "ab", "<|im_end|>", "<think>"));
    values.put("tokenizer.ggml.token_type", wholes(1, 1, 1, 3, 4));
    values.put("tokenizer.ggml.merges", texts("a b"));
    values.put("tokenizer.ggml.eos_token_id", new GgufValue.Whole(0));
    return values;
  }

  private static TokenizerDescription describe(Map<String, GgufValue> values) {
    Path file = Path.of("x.gguf");
    return new GgufTokenizer(file, new GgufMetadata(file, values)).describe();
  }

  @Test
  void controlAndUserTokensAreMatchedInTheText() {
    TokenizerDescription description = describe(valid());
    assertThat(description.tokens()).containsExactly("a", "b", "ab", "<|im_end|>", "<think>");
    assertThat(description.addedTokens()).containsExactlyInAnyOrder(3, 4);
    assertThat(description.endTokens()).containsExactlyInAnyOrder(0, 3);
    assertThat(description.beginToken()).isEmpty();
    assertThat(description.byteLevel()).isTrue();
  }

  @Test
  void aNameWithoutItsKindEndsNothing() {
    Map<String, GgufValue> values = valid();
    values.put("tokenizer.ggml.token_type", wholes(1, 1, 1, 1, 4));
    assertThat(describe(values).endTokens()).containsExactly(0);
    values.put("tokenizer.ggml.eom_token_id", new GgufValue.Whole(4));
    assertThat(describe(values).endTokens()).containsExactlyInAnyOrder(0, 4);
  }

  @Test
  void aFileThatNamesNoCutIsCutAsLlamaCppDoes() {
    Map<String, GgufValue> values = valid();
    values.remove("tokenizer.ggml.pre");
    assertThat(describe(values).json()).contains("[0-9][0-9][0-9]");
  }

  @Test
  void anEmbeddedTokenizerFileIsTakenAtItsWord() {
    Map<String, GgufValue> values = valid();
    String json =
        "{\"decoder\":{\"type\":\"Fuse\"},\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"q\":0}},\"truncation\":{\"max_length\":8}}";
    values.put("tokenizer.huggingface.json", new GgufValue.Text(json));
    TokenizerDescription description = describe(values);
    assertThat(description.tokens()).containsExactly("q");
    assertThat(description.json()).contains("\"truncation\":null");
  }

  @Test
  void idsOutsideTheVocabularyMeanNone() {
    Map<String, GgufValue> values = valid();
    values.put("tokenizer.ggml.bos_token_id", new GgufValue.Whole(0xffffffffL));
    assertThat(describe(values).beginToken()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"pre, deepseek-llm", "pre, ''", "model, bert"})
  void unknownKindsAreRefusedWithTheWayOut(String key, String value) {
    Map<String, GgufValue> values = valid();
    values.put("tokenizer.ggml." + key, new GgufValue.Text(value));
    assertThatThrownBy(() -> describe(values))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("got " + (key.equals("pre") ? "'" + value + "'" : value))
        .hasMessageContaining("--tokenizer");
  }

  @Test
  void contradictionsAreNamed() {
    Map<String, GgufValue> types = valid();
    types.put("tokenizer.ggml.token_type", wholes(1, 1));
    Map<String, GgufValue> twice = valid();
    twice.put("tokenizer.ggml.tokens", texts("a", "b", "ab", "a", "c"));
    Map<String, GgufValue> merges = valid();
    merges.put("tokenizer.ggml.merges", texts("ab"));
    Map<String, GgufValue> scores = valid();
    scores.put("tokenizer.ggml.model", new GgufValue.Text("llama"));
    scores.put("tokenizer.ggml.scores", new GgufValue.Items(List.of()));
    for (Map<String, GgufValue> values : List.of(types, twice, merges, scores)) {
      assertThatThrownBy(() -> describe(values))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("x.gguf");
    }
  }
}
