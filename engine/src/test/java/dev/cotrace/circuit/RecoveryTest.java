package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecoveryTest {
  private static final ComputationGraph GRAPH = new ComputationGraph(2, 2, false);

  /** Few different scores, of both signs, so that most are tied. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void areaAndPrecisionAreThoseOfCountingPairsAndThresholds(long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    int values = 1 + random.nextInt(6);
    double[] scores = new double[GRAPH.cells()];
    boolean[] truth = new boolean[GRAPH.cells()];
    for (int cell : GRAPH.edgeCells()) {
      scores[cell] = random.nextInt(values) * (random.nextBoolean() ? 0.5 : -0.5);
      truth[cell] = random.nextInt(4) == 0;
    }
    Recovery recovery = Recovery.of(scores, new Circuit(GRAPH, truth));
    assertThat(recovery.auroc()).isCloseTo(shareOfPairs(scores, truth), within(1e-12));
    assertThat(recovery.averagePrecision()).isCloseTo(steps(scores, truth), within(1e-12));
  }

  @Test
  void aPerfectRankingHasOneAndAnInvertedOneHasNone() {
    boolean[] truth = new boolean[GRAPH.cells()];
    double[] scores = new double[GRAPH.cells()];
    double[] inverted = new double[GRAPH.cells()];
    for (int cell : GRAPH.edgeCells()) {
      truth[cell] = cell % 3 == 0;
      scores[cell] = truth[cell] ? -1 - cell : 0.5;
      inverted[cell] = truth[cell] ? Double.NaN : 0;
    }
    assertThat(Recovery.of(scores, new Circuit(GRAPH, truth))).isEqualTo(new Recovery(1, 1));
    assertThat(Recovery.of(inverted, new Circuit(GRAPH, truth)).auroc()).isZero();
  }

  @Test
  void aCircuitOfNoEdgesOrAllCannotBeRecovered() {
    double[] scores = new double[GRAPH.cells()];
    assertThatThrownBy(() -> Recovery.of(scores, Circuit.full(GRAPH)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected some edges to be true and some not");
  }

  private static double shareOfPairs(double[] scores, boolean[] truth) {
    double won = 0;
    double pairs = 0;
    for (int one : GRAPH.edgeCells()) {
      for (int other : GRAPH.edgeCells()) {
        if (truth[one] && !truth[other]) {
          double difference = Math.abs(scores[one]) - Math.abs(scores[other]);
          won += difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
          pairs++;
        }
      }
    }
    return won / pairs;
  }

  /** The sum over all thresholds, the highest first, counting anew at each. */
  private static double steps(double[] scores, boolean[] truth) {
    double[] thresholds =
        Arrays.stream(GRAPH.edgeCells())
            .mapToDouble(cell -> -Math.abs(scores[cell]))
            .distinct()
            .sorted()
            .toArray();
    double sum = 0;
    double before = 0;
    for (double threshold : thresholds) {
      double at = 0;
      double hits = 0;
      double all = 0;
      for (int cell : GRAPH.edgeCells()) {
        boolean above = Math.abs(scores[cell]) >= -threshold;
        at += above ? 1 : 0;
        hits += above && truth[cell] ? 1 : 0;
        all += truth[cell] ? 1 : 0;
      }
      sum += (hits / all - before) * hits / at;
      before = hits / all;
    }
    return sum;
  }
}
