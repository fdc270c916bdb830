package dev.cotrace.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.Form;
import dev.cotrace.dictionary.SaeLensDictionary;
import dev.cotrace.dictionary.Site;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DictionaryTrainingTest {
  private static final Placement DOUBLE = Placement.cpu(Precision.FLOAT64);
  private static final int VOCABULARY = 7;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "llama, blocks.1.hook_resid_post, false",
    "gpt2, blocks.0.attn.hook_z, false",
    "gemma, blocks.1.mlp.hook_out, false",
    "llama, blocks.1.mlp.hook_in, true",
    "gpt_neox, blocks.0.ln2.hook_normalized, true",
  })
  void whatIsStoredKeepsMostOfTextsThatWereNotTrainedOn(
      String family, String hook, boolean transcoder) throws IOException {
    TrainingSettings settings = settings(hook, transcoder, 400, 1);
    try (TinyModel model = TinyModel.of(family, 4, 2, VOCABULARY);
        Dictionary dictionary =
            TinyTexts.read(trained(model, settings), folder.resolve("d"), DOUBLE)) {
      assertThat(dictionary.description().input()).isEqualTo(settings.input());
      assertThat(dictionary.description().output()).isEqualTo(settings.output());
      assertThat(dictionary.description().form()).isEqualTo(settings.form());
      Fidelity fidelity =
          Fidelity.of(dictionary, model.decoder(), TinyTexts.of(30, VOCABULARY, 99));
      assertThat(fidelity.explainedVariance()).isBetween(0.7, 1.0);
      assertThat(fidelity.active()).isBetween(1.0, transcoder ? 24.0 : 4.0);
      assertThat(fidelity.dead()).isLessThan(12);
    }
  }

  @Test
  void theSameSeedGivesTheSameDictionaryAndRowsHaveTheNormOne() {
    try (TinyModel model = TinyModel.of("llama", 4, 2, VOCABULARY)) {
      List<Integer> steps = new ArrayList<>();
      TrainingSettings settings = settings("blocks.0.hook_mlp_out", false, 30, 1);
      SaeLensDictionary first = trained(model, settings);
      try (TrainingData data =
          TrainingData.collect(
              model.decoder(), settings, TinyTexts.of(60, VOCABULARY, 5), _ -> {})) {
        SaeLensDictionary second = DictionaryTraining.run(settings, data, steps::add);
        assertThat(second.encoder()).containsExactly(first.encoder());
        assertThat(second.bias()).containsExactly(first.bias());
      }
      assertThat(steps).hasSize(30).endsWith(30);
      SaeLensDictionary other = trained(model, settings("blocks.0.hook_mlp_out", false, 30, 2));
      assertThat(other.encoder()).isNotEqualTo(first.encoder());
      for (int f = 0; f < first.features(); f++) {
        double squares = 0;
        for (int i = 0; i < first.dOut(); i++) {
          squares += Math.pow(first.decoder()[f * first.dOut() + i], 2);
        }
        assertThat(squares).isCloseTo(1, Offset.offset(1e-6));
      }
    }
  }

  /** TransformerLens' LayerNorm has hook_normalized behind its gain, unless that is folded. */
  @Test
  void theConfigurationSaysHowTransformerLensHasTheSameActivations() {
    SaeLensDictionary normalised = TinyTexts.exact(Site.ofHook("blocks.0.ln2.hook_normalized"), 2);
    assertThat(normalised.config("m", false, /* centredNorms= */ true, Map.of()))
        .contains("\"fold_ln\" : true", "\"center_writing_weights\" : false");
    assertThat(normalised.config("m", false, /* centredNorms= */ false, Map.of()))
        .contains("\"fold_ln\" : false");
    assertThat(
            TinyTexts.exact(Site.ofHook("blocks.0.attn.hook_z"), 2)
                .config("m", true, true, Map.of()))
        .contains("\"reshape_activations\" : \"hook_z\"", "\"prepend_bos\" : true");
  }

  @Test
  void whatCannotBeTrainedIsRefused() {
    Site mlp = Site.ofHook("blocks.0.hook_mlp_out");
    assertRefused(() -> settings(mlp, TrainingSettings.topK(9), 8, 0.01), "--k must be at most");
    assertRefused(() -> TrainingSettings.topK(0), "--k must be at least 1, got 0");
    assertRefused(() -> settings(mlp, TrainingSettings.topK(2), 0, 0.01), "--features must be");
    assertRefused(() -> settings(mlp, TrainingSettings.topK(2), 8, 0), "--learning-rate must be");
    assertRefused(
        () -> TrainingSettings.transcoded(mlp),
        "a transcoder reads what an MLP reads, blocks.0.mlp.hook_in or");
    try (TinyModel model = TinyModel.of("llama", 4, 2, VOCABULARY)) {
      assertRefused(
          () ->
              TrainingData.collect(
                  model.decoder(),
                  settings("blocks.0.hook_resid_pre", false, 1, 1),
                  List.of(new int[] {1, 1}),
                  _ -> {}),
          "have a variance of 0.0: there is nothing to learn from");
      assertRefused(
          () -> trained(model, settings("blocks.5.hook_resid_pre", false, 1, 1)),
          "expected a layer from 0 to 1");
    }
  }

  private static TrainingSettings settings(Site site, Form form, int features, double rate) {
    return new TrainingSettings(form, site, site, features, 0, 10, 8, rate, 1);
  }

  private static TrainingSettings settings(String hook, boolean transcoder, int steps, long seed) {
    Site input = Site.ofHook(hook);
    return new TrainingSettings(
        transcoder ? TrainingSettings.transcoder() : TrainingSettings.topK(4),
        input,
        transcoder ? TrainingSettings.transcoded(input) : input,
        24,
        transcoder ? 0.01 : 0,
        steps,
        32,
        0.01,
        seed);
  }

  private static SaeLensDictionary trained(TinyModel model, TrainingSettings settings) {
    try (TrainingData data =
        TrainingData.collect(model.decoder(), settings, TinyTexts.of(60, VOCABULARY, 5), _ -> {})) {
      return DictionaryTraining.run(settings, data, _ -> {});
    }
  }

  private static void assertRefused(Runnable work, String said) {
    assertThatThrownBy(work::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(said);
  }
}
