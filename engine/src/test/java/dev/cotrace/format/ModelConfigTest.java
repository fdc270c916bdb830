package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {
  private static final String CONFIG =
      """
      {"model_type": "llama", "hidden_size": 576, "rms_norm_eps": 1e-05, "head_dim": null,
       "tie_word_embeddings": true, "eos_token_id": [2, 0], "bos_token_id": 1,
       "rope_parameters": {"rope_type": "llama3", "factor": 8}, "big": 3000000000}
      """;

  @TempDir Path directory;

  private ModelConfig config() throws IOException {
    return ModelConfig.read(Files.writeString(directory.resolve("config.json"), CONFIG));
  }

  @Test
  void valuesAreThoseOfTheFile() throws IOException {
    ModelConfig config = config();
    assertThat(config.string("model_type")).isEqualTo("llama");
    assertThat(config.integer("hidden_size")).isEqualTo(576);
    assertThat(config.number("rms_norm_eps")).isEqualTo(1e-5);
    assertThat(config.number("hidden_size")).isEqualTo(576.0);
    assertThat(config.flag("tie_word_embeddings", false)).isTrue();
    assertThat(config.integers("eos_token_id")).containsExactly(2, 0);
    assertThat(config.integers("bos_token_id")).containsExactly(1);
    assertThat(config.object("rope_parameters").orElseThrow().integer("factor")).isEqualTo(8);
  }

  @Test
  void nullCountsAsAbsent() throws IOException {
    ModelConfig config = config();
    assertThat(config.has("head_dim")).isFalse();
    assertThat(config.integer("head_dim", 64)).isEqualTo(64);
    assertThat(config.integers("pad_token_id")).isEmpty();
    assertThat(config.object("rope_scaling")).isEmpty();
  }

  @Test
  void errorsNameFileAndKey() throws IOException {
    ModelConfig config = config();
    assertThatThrownBy(() -> config.integer("model_type", 5))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("expected an integer below 2^31 under model_type, got \"llama\"");
    assertThatThrownBy(() -> config.string("absent"))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("under absent, got nothing");
    assertThatThrownBy(() -> config.integer("big")).isInstanceOf(MalformedModelException.class);
    assertThatThrownBy(() -> config.flag("big", true)).isInstanceOf(MalformedModelException.class);
    ModelConfig rope = config.object("rope_parameters").orElseThrow();
    assertThatThrownBy(() -> rope.number("rope_type"))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("under rope_parameters.rope_type");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "7", "{", "{} x", "{\"a\":1,\"a\":2}", "{\"a\":NaN}", "{'a':1}", "nul"})
  void whatIsNotOneStrictObjectIsRefused(String text) throws IOException {
    Path file = Files.writeString(directory.resolve("config.json"), text);
    assertThatThrownBy(() -> ModelConfig.read(file)).isInstanceOf(MalformedModelException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void damagedFilesOnlyEverGiveTheTypedError(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Path file = directory.resolve("damaged.json");
    for (int i = 0; i < Damage.times(3400); i++) {
      Files.write(file, Mutations.damage(CONFIG.getBytes(StandardCharsets.UTF_8), random));
      try {
        ModelConfig config = ModelConfig.read(file);
        config.integer("hidden_size", 1);
        config.number("rms_norm_eps", 1);
        config.string("model_type", "");
        config.integers("eos_token_id");
        config.object("rope_parameters").ifPresent(rope -> rope.number("factor", 1));
      } catch (MalformedModelException expected) {
        assertThat(expected).hasMessageContaining("damaged.json");
      }
    }
  }
}
