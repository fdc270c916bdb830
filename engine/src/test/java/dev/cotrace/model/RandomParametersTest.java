package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RandomParametersTest {
  private static final Placement CPU = Placement.cpu(Precision.FLOAT64);

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void aModelOfAnyFamilyComputesWithThemAndTheSeedSaysWhichTheyAre(String family) {
    double[] first = logits(family, 1);

    assertThat(first).hasSize(6).doesNotContain(Double.NaN).doesNotHaveDuplicates();
    assertThat(logits(family, 1)).isEqualTo(first);
    assertThat(logits(family, 2)).isNotEqualTo(first);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void matricesHaveTheDeviationOfAFreshModelAndGainsAreOne(long seed) {
    try (Scope _ = new Scope()) {
      RandomParameters source =
          new RandomParameters(CPU, ParameterLayout.huggingFace("llama"), seed);
      double[] matrix = Placement.toDoubles(source.read("model.embed_tokens.weight", 1000, 100));
      double square = Arrays.stream(matrix).map(x -> x * x).average().orElseThrow();
      // The square of such a number varies by 0.9 of its mean, the mean of 100,000 by 0.0028.
      assertThat(Math.sqrt(square)).isCloseTo(0.02, within(0.02 * 5 * 0.0014));
      assertThat(Placement.toDoubles(source.read("model.norm.weight", 3))).containsOnly(1);
    }
  }

  private static double[] logits(String family, long seed) {
    Architecture architecture;
    try (TinyModel shape = TinyModel.of(family, 1, 2, 6)) {
      architecture = shape.architecture();
    }
    double[] last = new double[6];
    try (Weights weights = Weights.random(architecture, CPU, seed)) {
      new PlainRun(new Decoder(architecture, weights))
          .logits(
              new int[] {1, 2, 3},
              (_, values) -> System.arraycopy(values, 0, last, 0, values.length));
    }
    return last;
  }
}
