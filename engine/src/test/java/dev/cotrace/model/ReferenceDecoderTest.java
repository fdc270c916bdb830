package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cotrace.model.ReferenceDecoder.Run;
import dev.cotrace.model.ReferenceDecoder.Stream;
import dev.cotrace.model.ReferenceDecoder.Write;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ReferenceDecoderTest {
  /**
   * Both sides work in float64 throughout and differ in the order of sums only: less than 1e-13
   * relative was seen.
   */
  private static final double ROUNDING = 1e-12;

  /**
   * transformers in float32 differs from its own float64 logits by up to 1e-5 (each goldens.json
   * says how much).
   */
  private static final double SINGLE_PRECISION = 1e-5;

  static List<String> models() {
    return GoldenModel.names();
  }

  @Test
  void everyFamilyAndSpellingHasGoldens() {
    assertThat(models())
        .containsExactly(
            "gemma2",
            "gemma2-hub",
            "gemma3",
            "gemma3-absent-keys",
            "gemma3-conditional",
            "gemma3-conditional-hub",
            "gemma3-old-keys",
            "gpt2-hub",
            "gpt2-inner",
            "gpt2-prefixed",
            "gpt_neox-hub",
            "gpt_neox-parallel",
            "gpt_neox-sequential",
            "llama-absent-keys",
            "llama-bfloat16",
            "llama-biases",
            "llama-float16",
            "llama-gqa-tied",
            "llama-head-dim",
            "llama-old-keys",
            "llama-rope-linear",
            "llama-rope-linear-old",
            "llama-rope-llama3",
            "llama-sharded",
            "mistral-full",
            "mistral-old-keys",
            "mistral-sliding",
            "qwen2-full",
            "qwen2-old-keys",
            "qwen2-sliding",
            "qwen3",
            "qwen3-old-keys",
            "qwen3-sliding");
  }

  @ParameterizedTest
  @MethodSource("models")
  void logitsAreThoseOfTransformers(String name) {
    GoldenModel model = GoldenModel.read(name);
    ReferenceDecoder decoder = ReferenceModels.of(model.weights(), model.config());
    for (int row = 0; row < model.sequences(); row++) {
      double[] logits = flat(decoder.run(model.ids(row)).logits());
      assertClose(logits, model.golden("logits").slice(row), ROUNDING);
      assertClose(logits, model.golden("logits_float32").slice(row), SINGLE_PRECISION);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyLayerAddsWhatItAddsInTransformers(String name) {
    GoldenModel model = GoldenModel.read(name);
    ReferenceDecoder decoder = ReferenceModels.of(model.weights(), model.config());
    int layers = model.golden("mlp_output").dimension(0);
    for (int row = 0; row < model.sequences(); row++) {
      Run run = decoder.run(model.ids(row));
      assertClose(sum(run, "input"::equals), model.golden("residual").slice(0, row), ROUNDING);
      for (int layer = 0; layer < layers; layer++) {
        String attention = "a" + layer + ".";
        String mlp = "m" + layer;
        assertClose(
            sum(run, source -> source.startsWith(attention)),
            model.golden("attention_output").slice(layer, row),
            ROUNDING);
        assertClose(sum(run, mlp::equals), model.golden("mlp_output").slice(layer, row), ROUNDING);
      }
      assertClose(sum(run, source -> true), model.golden("residual").slice(layers, row), ROUNDING);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void goldenGradientsAreSlopesOfTheLogProbability(String name) {
    GoldenModel model = GoldenModel.read(name);
    ReferenceDecoder decoder = ReferenceModels.of(model.weights(), model.config());
    Random random = new Random(name.hashCode());
    for (int row = 0; row < model.sequences(); row++) {
      double plain = logProbability(decoder, model, row, Stream.PLAIN);
      assertThat(plain).isCloseTo(model.golden("log_probability").slice(row)[0], within(1e-12));
      for (int layer = 0; layer < model.golden("mlp_output").dimension(0); layer++) {
        double[] attention = model.golden("attention_output_gradient").slice(layer, row);
        assertSlope(decoder, model, row, "a" + layer + ".bias", attention, random);
        double[] mlp = model.golden("mlp_output_gradient").slice(layer, row);
        assertSlope(decoder, model, row, "m" + layer, mlp, random);
      }
    }
  }

  /**
   * Moves what {@code source} writes in a random direction and compares with the golden gradient
   * along it.
   */
  private static void assertSlope(
      ReferenceDecoder decoder,
      GoldenModel model,
      int row,
      String source,
      double[] gradient,
      Random random) {
    double[] direction = random.doubles(gradient.length, -1, 1).toArray();
    double step = 1e-5;
    double up = logProbability(decoder, model, row, moved(source, step, direction));
    double down = logProbability(decoder, model, row, moved(source, -step, direction));
    double expected = 0;
    for (int i = 0; i < gradient.length; i++) {
      expected += gradient[i] * direction[i];
    }
    // A central difference errs by step² times a third derivative (tens in these models), and by
    // rounding over step.
    assertThat((up - down) / (2 * step)).as(source).isCloseTo(expected, within(1e-7));
  }

  private static Stream moved(String source, double step, double[] direction) {
    return (target, written) -> {
      double[][] read = ReferenceDecoder.sum(written);
      if (written.stream().anyMatch(write -> write.source().equals(source))) {
        for (int t = 0; t < read.length; t++) {
          for (int d = 0; d < read[t].length; d++) {
            read[t][d] += step * direction[t * read[t].length + d];
          }
        }
      }
      return read;
    };
  }

  private static double logProbability(
      ReferenceDecoder decoder, GoldenModel model, int row, Stream stream) {
    double[][] logits = decoder.run(model.ids(row), stream).logits();
    return Math.log(ReferenceDecoder.softmax(logits[logits.length - 1])[model.nextToken(row)]);
  }

  private static double[] sum(Run run, Predicate<String> sources) {
    List<Write> chosen =
        run.written().stream().filter(write -> sources.test(write.source())).toList();
    return flat(ReferenceDecoder.sum(chosen));
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  /** Equal within {@code tolerance} times the largest expected value. */
  private static void assertClose(double[] actual, double[] expected, double tolerance) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(actual).containsExactly(expected, Offset.offset(tolerance * largest));
  }
}
