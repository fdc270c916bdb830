package dev.cotrace.dictionary;

import static dev.cotrace.dictionary.GoldenDictionary.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.ShapeMismatchException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class DictionaryTest {
  private static final Placement DOUBLE = Placement.cpu(Precision.FLOAT64);
  private static final Placement SINGLE = Placement.cpu(Precision.FLOAT32);

  private static final List<String> SAE_LENS =
      List.of(
          "standard",
          "standard-whole-input",
          "standard-layer-norm",
          "standard-constant-norm",
          "standard-expected-average",
          "standard-bfloat16",
          "standard-old",
          "standard-old-true",
          "gated",
          "gated-old",
          "jumprelu",
          "jumprelu-layer-norm",
          "topk",
          "topk-decoder-norm",
          "topk-constant-norm",
          "topk-old",
          "transcoder",
          "transcoder-layer-norm",
          "skip-transcoder",
          "jumprelu-transcoder",
          "jumprelu-skip-transcoder",
          "centred",
          "heads",
          "heads-old",
          "scaling-ones",
          "scaling");
  private static final List<String> GEMMA_SCOPE =
      List.of(
          "gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71",
          "gemma-scope-2b-pt-mlp/layer_4/width_16k/average_l0_10",
          "gemma-scope-9b-it-res/layer_9/width_16k/average_l0_88",
          "gemma-scope-2b-pt-att/layer_7/width_16k/average_l0_99",
          "gemma-scope-2b-pt-transcoders/layer_12/width_16k/average_l0_6",
          "gemma-scope-2-270m-pt/resid_post/layer_5_width_16k_l0_small",
          "gemma-scope-2-270m-pt/attn_out/layer_7_width_16k_l0_small",
          "gemma-scope-2-270m-pt/transcoder/layer_9_width_16k_l0_small_affine");

  static List<String> all() {
    return Stream.concat(SAE_LENS.stream(), GEMMA_SCOPE.stream()).toList();
  }

  @ParameterizedTest
  @MethodSource("all")
  void doublesAgreeWithSaeLens(String name) throws IOException {
    assertAgrees(name, Supplement.none(), DOUBLE, GoldenDictionary.EXACT);
  }

  @ParameterizedTest
  @MethodSource("all")
  void floatsAgreeWithSaeLens(String name) throws IOException {
    assertAgrees(name, Supplement.none(), SINGLE, GoldenDictionary.SINGLE);
  }

  @Test
  void aToldFactorOfInputsIsFoldedAsSaeLensDoes() throws IOException {
    assertAgrees(
        "standard-folded", Supplement.none().scaledBy(1.75), DOUBLE, GoldenDictionary.EXACT);
    try (Dictionary folded =
            Dictionary.read(
                GoldenDictionary.folder("standard-folded"),
                Supplement.none().scaledBy(1.75),
                DOUBLE);
        Dictionary stored = Dictionary.read(GoldenDictionary.folder("standard-folded"), DOUBLE)) {
      assertThat(folded.description().normalisation()).isEqualTo(Normalisation.NONE);
      assertThat(stored.description().normalisation())
          .isEqualTo(Normalisation.EXPECTED_AVERAGE_ONLY_IN);
    }
  }

  private static void assertAgrees(
      String name, Supplement told, Placement placement, double tolerance) throws IOException {
    try (GoldenDictionary golden = GoldenDictionary.open(name);
        Dictionary dictionary = Dictionary.read(golden.folder(), told, placement);
        Scope _ = new Scope()) {
      Tensor x = golden.tensor("x", placement);
      Tensor features = dictionary.encode(x);
      double[] expected = golden.values("features");
      assertThat(Arrays.stream(expected))
          .anyMatch(value -> value == 0)
          .anyMatch(value -> value > 0);
      assertClose(features, expected, tolerance);
      assertClose(dictionary.decode(features, x), golden.values("output"), tolerance);
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void partsAreThePartsOfTheWhole(String name) throws IOException {
    try (GoldenDictionary golden = GoldenDictionary.open(name);
        Dictionary dictionary = Dictionary.read(golden.folder(), DOUBLE);
        Scope _ = new Scope()) {
      Tensor x = golden.tensor("x", DOUBLE);
      Tensor whole = dictionary.encode(x);
      long all = dictionary.description().features();
      Tensor written = DOUBLE.zeros(x.size(0), dictionary.description().dOut());
      for (long from = 0; from < all; from += 7) {
        long to = Math.min(all, from + 7);
        Tensor part = dictionary.encode(x, from, to);
        assertClose(
            part, Placement.toDoubles(whole.narrow(1, from, to - from)), GoldenDictionary.EXACT);
        written = written.add(part.matmul(dictionary.directions(from, to)));
      }
      assertClose(dictionary.complete(written, x), golden.values("output"), GoldenDictionary.EXACT);
      assertThat(dictionary.encode(x, 3, 3).numel()).isZero();
    }
  }

  /** Linear but for its norm: what a feature at 1 adds is its direction. */
  @ParameterizedTest
  @CsvSource({"standard", "topk-decoder-norm", "scaling", "jumprelu-skip-transcoder"})
  void aDirectionIsWhatAFeatureAdds(String name) throws IOException {
    try (GoldenDictionary golden = GoldenDictionary.open(name);
        Dictionary dictionary = Dictionary.read(golden.folder(), DOUBLE);
        Scope _ = new Scope()) {
      Tensor x = golden.tensor("x", DOUBLE).narrow(0, 0, 1);
      double[] one = new double[24];
      one[5] = 1;
      Tensor with = dictionary.decode(DOUBLE.tensor(one, 1, 24), x);
      Tensor without = dictionary.decode(DOUBLE.zeros(1, 24), x);
      assertClose(
          with.sub(without),
          Placement.toDoubles(dictionary.directions().narrow(0, 5, 1)),
          GoldenDictionary.EXACT);
    }
  }

  @Test
  void theLargestAreFoundAmongMoreFeaturesThanAreLookedAtTogether() {
    try (Scope _ = new Scope()) {
      int features = 10_000;
      double[] row = new double[features];
      Arrays.setAll(row, i -> Math.sin(i * 0.7311));
      double[] expected = row.clone();
      double[] sorted = Arrays.stream(row).sorted().toArray();
      for (int i = 0; i < features; i++) {
        expected[i] = row[i] >= sorted[features - 37] ? row[i] : 0;
      }
      EncoderWeights encoder =
          new EncoderWeights(
              DOUBLE,
              DOUBLE.tensor(row, 1, features),
              DOUBLE.zeros(features),
              null,
              null,
              new Activation.TopK(37, true));
      Tensor x = DOUBLE.tensor(new double[] {1}, 1, 1);
      assertClose(encoder.features(x, 0, features), expected, 0);
      assertClose(encoder.features(x, 4000, 9000), Arrays.copyOfRange(expected, 4000, 9000), 0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "standard, blocks.3.hook_resid_pre, blocks.3.hook_resid_pre, RELU, 0, gpt2-small",
    "standard-old, blocks.3.hook_resid_pre, blocks.3.hook_resid_pre, RELU, 0, gpt2-small",
    "topk-old, blocks.3.hook_resid_pre, blocks.3.hook_resid_pre, TOP_K, 4, gpt2-small",
    "skip-transcoder, blocks.2.ln2.hook_normalized, blocks.2.hook_mlp_out, RELU, 0, gpt2-small",
    "heads-old, blocks.1.attn.hook_z, blocks.1.attn.hook_z, RELU, 0, gpt2-small",
    "gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71, blocks.20.hook_resid_post, blocks.20.hook_resid_post, JUMP_RELU, 0, gemma-2-2b",
    "gemma-scope-9b-it-res/layer_9/width_16k/average_l0_88, blocks.9.hook_resid_post, blocks.9.hook_resid_post, JUMP_RELU, 0, gemma-2-9b-it",
    "gemma-scope-2b-pt-mlp/layer_4/width_16k/average_l0_10, blocks.4.hook_mlp_out, blocks.4.hook_mlp_out, JUMP_RELU, 0, gemma-2-2b",
    "gemma-scope-2b-pt-att/layer_7/width_16k/average_l0_99/params.npz, blocks.7.attn.hook_z, blocks.7.attn.hook_z, JUMP_RELU, 0, gemma-2-2b",
    "gemma-scope-2b-pt-transcoders/layer_12/width_16k/average_l0_6, blocks.12.ln2.hook_normalized, blocks.12.hook_mlp_out, JUMP_RELU, 0, gemma-2-2b",
    "gemma-scope-2-270m-pt/transcoder/layer_9_width_16k_l0_small_affine, blocks.9.mlp.hook_in, blocks.9.hook_mlp_out, JUMP_RELU, 0, gemma-v3-270m-pt",
  })
  void theDescriptionSaysWhereItBelongs(
      String name, String input, String output, String nonlinearity, int k, String model)
      throws IOException {
    try (Dictionary dictionary = Dictionary.read(GoldenDictionary.folder(name), SINGLE)) {
      DictionaryDescription description = dictionary.description();
      assertThat(description.input().hook()).isEqualTo(input);
      assertThat(description.output().hook()).isEqualTo(output);
      assertThat(description.form().nonlinearity()).hasToString(nonlinearity);
      assertThat(description.form().k()).isEqualTo(k);
      assertThat(description.form().transcoder()).isEqualTo(!input.equals(output));
      assertThat(description.training().model()).isEqualTo(model);
      assertThat(description.features()).isEqualTo(24);
      assertThat(description.dIn()).isEqualTo(8);
    }
  }

  @Test
  void weightsInThePlacementsPrecisionAreTheMappedFileItself() throws IOException {
    try (Dictionary dictionary = Dictionary.read(GoldenDictionary.folder("standard"), SINGLE);
        Dictionary copied = Dictionary.read(GoldenDictionary.folder("standard"), DOUBLE)) {
      assertThat(dictionary.sharesMemory()).isTrue();
      assertThat(copied.sharesMemory()).isFalse();
    }
  }

  @Test
  void inputsOfAnotherShapeAreRefused() throws IOException {
    try (Dictionary dictionary = Dictionary.read(GoldenDictionary.folder("standard"), SINGLE);
        Scope _ = new Scope()) {
      assertThatThrownBy(() -> dictionary.encode(SINGLE.zeros(2, 7)))
          .isInstanceOf(ShapeMismatchException.class)
          .hasMessageContaining("input of the dictionary")
          .hasMessageContaining("expected [2, 8], got [2, 7]");
      assertThatThrownBy(() -> dictionary.encode(SINGLE.zeros(2, 2, 4)))
          .isInstanceOf(ShapeMismatchException.class);
      assertThatThrownBy(() -> dictionary.decode(SINGLE.zeros(2, 23), SINGLE.zeros(2, 8)))
          .hasMessageContaining("activations of the dictionary");
      assertThatThrownBy(() -> dictionary.encode(SINGLE.zeros(2, 8), 20, 25))
          .hasMessageContaining("expected a range within 24 features, got 20 to 25");
    }
  }

  @Test
  void aModelThatItWasNotMadeForIsRefused() throws IOException {
    ModelShape gpt2 = new ModelShape(4, 8, 8, true);
    assertThat(refusal("standard", Supplement.none(), gpt2)).isEmpty();
    assertThat(refusal("standard", Supplement.none(), new ModelShape(3, 8, 8, true)).orElseThrow())
        .contains("it has 3 layers");
    assertThat(refusal("standard", Supplement.none(), new ModelShape(4, 16, 8, true)).orElseThrow())
        .contains("is of width 8 at blocks.3.hook_resid_pre, which the model lacks");
    assertThat(refusal("heads", Supplement.none(), new ModelShape(4, 16, 8, true))).isEmpty();
    assertThat(refusal("centred", Supplement.none(), gpt2).orElseThrow())
        .contains("without their mean over the width (center_writing_weights)");
    assertThat(refusal("centred", Supplement.none(), new ModelShape(4, 8, 8, false))).isEmpty();
    assertThat(refusal("standard-folded", Supplement.none(), gpt2).orElseThrow())
        .contains("times a factor that its files do not tell");
    assertThat(refusal("standard-folded", Supplement.none().scaledBy(2), gpt2)).isEmpty();
  }

  /** TransformerLens' LayerNorm has hook_normalized behind its gain, its RMSNorm before it. */
  @Test
  void normalisedActivationsBehindAGainAreNotThoseBeforeIt() {
    Site site = Site.ofHook("blocks.0.ln2.hook_normalized");
    Training unfolded =
        new Training("", Optional.empty(), Optional.empty(), Optional.of(false), Optional.empty());
    DictionaryDescription description =
        new DictionaryDescription(
            Path.of("d"),
            new Form(Form.Nonlinearity.RELU, 0, false, false),
            site,
            site,
            8,
            8,
            24,
            Normalisation.NONE,
            unfolded);
    description.requireFor(new ModelShape(4, 8, 8, false));
    assertThatThrownBy(() -> description.requireFor(new ModelShape(4, 8, 8, true)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("after the gain of its norm (without fold_ln)");
  }

  private static Optional<String> refusal(String name, Supplement told, ModelShape model)
      throws IOException {
    try (Dictionary dictionary = Dictionary.read(GoldenDictionary.folder(name), told, SINGLE)) {
      dictionary.description().requireFor(model);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}
