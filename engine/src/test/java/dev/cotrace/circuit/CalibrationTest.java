package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Calibration.Pair;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class CalibrationTest {
  private static List<Pair> pairs(int count, double error, DoubleUnaryOperator effect) {
    return IntStream.range(0, count)
        .mapToObj(i -> {
          double score = i - (count - 1) / 3.0;
          return new Pair(
              new Estimate(score, error), new Estimate(effect.applyAsDouble(score), error), 0);
        })
        .toList();
  }

  @Test
  void effectsThatAreTheScoresAreForetoldWholly() {
    Calibration same = Calibration.of(pairs(12, 0.1, score -> score), 1);
    assertThat(same.pairs()).isEqualTo(12);
    for (Estimate each :
        List.of(same.pearson(), same.spearman(), same.slope(), same.withinErrors())) {
      assertThat(each.value()).isCloseTo(1, offset(1e-12));
      assertThat(each.standardError()).isCloseTo(0, offset(1e-12));
    }
  }

  @Test
  void aRisingCurveKeepsRanksAndAStraightLineItsSlope() {
    Calibration curve = Calibration.of(pairs(12, 0.1, score -> score * score * score), 1);
    assertThat(curve.spearman().value()).isCloseTo(1, offset(1e-12));
    assertThat(curve.pearson().value()).isLessThan(0.99);
    assertThat(curve.pearson().standardError()).isPositive();
    Calibration line = Calibration.of(pairs(12, 0.1, score -> -2 * score), 1);
    assertThat(line.slope().value()).isCloseTo(-2, offset(1e-12));
    assertThat(line.spearman().value()).isCloseTo(-1, offset(1e-12));
  }

  /** Differences of 0.5 with an error of 0.1·√2 are further apart than chance puts them. */
  @Test
  void theShareWithinErrorsCountsThoseThatChanceExplains() {
    Calibration some = Calibration.of(pairs(10, 0.1, s -> s > 0 ? s + 0.5 : s + 0.2), 1);
    long below = pairs(10, 0.1, s -> s).stream().filter(p -> p.score().value() <= 0).count();
    assertThat(some.withinErrors().value()).isEqualTo(below / 10.0);
    double p = below / 10.0;
    assertThat(some.withinErrors().standardError())
        .as("that of a binomial share, up to the resampling's own")
        .isCloseTo(Math.sqrt(p * (1 - p) / 10), offset(0.02));
  }

  @Test
  void whatRoundingExplainsAgrees() {
    Estimate score = new Estimate(2e-10, 1e-12);
    Estimate effect = new Estimate(-3e-10, 1e-12);
    assertThat(new Pair(score, effect, 1e-6).withinErrors()).isTrue();
    assertThat(new Pair(score, effect, 0).withinErrors()).isFalse();
  }

  @Test
  void whatIsNotKnownIsNotMadeUp() {
    assertThat(Calibration.of(pairs(10, Double.NaN, s -> s), 1).withinErrors().value()).isNaN();
    assertThat(Calibration.of(pairs(1, 1, s -> s), 1).spearman().value()).isNaN();
    Calibration two = Calibration.of(pairs(2, 1, s -> s), 1);
    assertThat(two.pearson().value()).isEqualTo(1);
    assertThat(two.pearson().standardError()).isNaN();
    assertThat(two.slope().standardError()).isNaN();
    assertThat(Calibration.of(List.of(), 1).slope().value()).isNaN();
    assertThat(Calibration.of(pairs(10, 1, s -> s > 0 ? s : Double.NaN), 1).spearman().value())
        .as("an effect that is no number has no rank")
        .isNaN();
    assertThat(Calibration.of(pairs(10, 1, s -> 3), 1).spearman().value())
        .as("effects that are all alike have no correlation")
        .isNaN();
  }
}
