package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HardConcreteTest {
  private static final int NUMBERS = 100_000;
  private static final double STEP = 1e-6;

  /** Evenly spread over (0, 1): a mean over them is an integral. */
  private static double[] uniform() {
    double[] uniform = new double[NUMBERS];
    Arrays.setAll(uniform, i -> (i + 0.5) / NUMBERS);
    return uniform;
  }

  private static double[] all(double logAlpha) {
    double[] all = new double[NUMBERS];
    Arrays.fill(all, logAlpha);
    return all;
  }

  @ParameterizedTest
  @ValueSource(doubles = {-4, -0.7, 0, 1.3, 5})
  void gatesAreOpenAsOftenAsIsSaid(double logAlpha) {
    double[] z = HardConcrete.gates(all(logAlpha), uniform());
    double open = Arrays.stream(z).filter(gate -> gate > 0).count() / (double) NUMBERS;
    assertThat(open).isCloseTo(HardConcrete.open(logAlpha), within(2.0 / NUMBERS));
    assertThat(Arrays.stream(z).boxed()).allSatisfy(gate -> assertThat(gate).isBetween(0.0, 1.0));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-4, -0.7, 0, 1.3, 5})
  void slopesAreDerivatives(double logAlpha) {
    double[] uniform = uniform();
    double[] slopes = HardConcrete.slopes(all(logAlpha), uniform);
    double[] above = HardConcrete.gates(all(logAlpha + STEP), uniform);
    double[] below = HardConcrete.gates(all(logAlpha - STEP), uniform);
    for (int i = 0; i < NUMBERS; i += 97) {
      boolean between = below[i] > 0 && above[i] < 1;
      assertThat(slopes[i])
          .isCloseTo(between ? (above[i] - below[i]) / (2 * STEP) : 0, within(1e-6));
    }
    assertThat(HardConcrete.openSlope(logAlpha))
        .isCloseTo(
            (HardConcrete.open(logAlpha + STEP) - HardConcrete.open(logAlpha - STEP)) / (2 * STEP),
            within(1e-8));
  }
}
