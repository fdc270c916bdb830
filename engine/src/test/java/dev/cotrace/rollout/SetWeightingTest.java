package dev.cotrace.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The unordered set estimator is unbiased: over all sets, each with its probability. */
final class SetWeightingTest {
  private static final Objective OBJECTIVE = Objective.parse("answer-logprob");

  /** Probabilities of the domain's elements, peaked as those of a sure model are. */
  private static final double[] P = {0.9, 0.06, 0.03, 0.008, 0.0019, 1e-4};

  /** What an element is worth, and a function of elements of expectation zero, as a score is. */
  private static final double[] F = {1.2, -3, 0.4, 7, 11, -2};

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 6})
  void expectationsOverAllSetsAreExact(int size) {
    double[] score = {0.3, -1, 2, 4, -5, 0};
    score[5] = -dot(score, P) / P[5];
    double mean = 0;
    double gradient = 0;
    double total = 0;
    for (List<Integer> set : sets(size)) {
      double probability = probability(set);
      Weighting.Weights weights = new SetWeighting().of(OBJECTIVE, measurements(set));
      for (int i = 0; i < set.size(); i++) {
        mean += probability * weights.rollout()[i] * F[set.get(i)];
        gradient +=
            probability * weights.rollout()[i] * weights.advantage()[i][0] * score[set.get(i)];
      }
      total += probability;
    }
    assertThat(total).isCloseTo(1, offset(1e-12));
    assertThat(mean).isCloseTo(dot(F, P), offset(1e-9));
    double expected = 0;
    for (int i = 0; i < P.length; i++) {
      expected += P[i] * score[i] * F[i];
    }
    // Scores here are as large as 1e4.
    assertThat(gradient).isCloseTo(expected, offset(1e-9));
  }

  @Test
  void rolloutsAsImprobableAsLongOnesCountAsIfTheyWereDrawnApart() {
    // The probability of a thousand tokens is less than the smallest double.
    List<Measurement> measurements =
        DoubleStream.of(-1800, -1801, -1799.5, -1802).mapToObj(p -> measurement(p, 1)).toList();
    double[] weights = new SetWeighting().of(OBJECTIVE, measurements).rollout();
    for (double weight : weights) {
      assertThat(weight).isCloseTo(0.25, offset(1e-9));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 64, 512})
  void manyEquallyRareRolloutsCountAlike(int count) {
    List<Measurement> measurements = Collections.nCopies(count, measurement(-60, 1));
    Weighting.Weights weights = new SetWeighting().of(OBJECTIVE, measurements);
    for (int i = 0; i < count; i++) {
      assertThat(weights.rollout()[i] * count).isCloseTo(1, offset(1e-9));
      assertThat(weights.advantage()[i][0]).isCloseTo(0, offset(1e-9));
    }
  }

  /** All increasing lists of {@code size} elements. */
  private static List<List<Integer>> sets(int size) {
    List<List<Integer>> sets = new ArrayList<>();
    for (int bits = 0; bits < 1 << P.length; bits++) {
      if (Integer.bitCount(bits) == size) {
        List<Integer> set = new ArrayList<>();
        for (int i = 0; i < P.length; i++) {
          if ((bits >> i & 1) == 1) {
            set.add(i);
          }
        }
        sets.add(set);
      }
    }
    return sets;
  }

  /** Σ over all orders in which the elements can be drawn one by one without replacement. */
  private static double probability(List<Integer> set) {
    return probability(set, sum());
  }

  private static double probability(List<Integer> left, double mass) {
    if (left.isEmpty()) {
      return 1;
    }
    double probability = 0;
    for (int first : left) {
      List<Integer> others = left.stream().filter(i -> i != first).toList();
      probability += P[first] / mass * probability(others, mass - P[first]);
    }
    return probability;
  }

  private static double sum() {
    double sum = 0;
    for (double p : P) {
      sum += p;
    }
    return sum;
  }

  private static List<Measurement> measurements(List<Integer> set) {
    return set.stream().map(i -> measurement(Math.log(P[i]), F[i])).toList();
  }

  private static Measurement measurement(double logProbability, double answer) {
    return new Measurement(
        new double[] {logProbability},
        new double[0],
        new double[0],
        new double[] {answer},
        true,
        new double[0],
        Double.NaN,
        Map.of());
  }

  private static double dot(double[] a, double[] b) {
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
    }
    return dot;
  }
}
