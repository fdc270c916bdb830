package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Precision;
import org.junit.jupiter.api.Test;

/** When a completeness gap is called one. */
final class CompletenessTest {
  @Test
  void withExactExpectationsNoGapIsExcusedByPromptsThatDiffer() {
    try (TinyModel model = TinyModel.llama(6, 1, 4)) {
      Attribution attribution =
          new IntegratedGradient(
                  Tiny.work(
                      model,
                      Tiny.task(2, Tiny.PAIRS),
                      "answer-logprob",
                      Tiny.enumerate(Quadrature.LEFT, 2)),
                  RunListener.SILENT)
              .attribute();
      assertThat(attribution.gap().value()).isGreaterThan(0.5);
      assertThat(attribution.incomplete()).as(attribution.completeness()).isTrue();
    }
  }

  @Test
  void theAdaptiveRuleStopsAtWhatFloat32CanReach() {
    try (TinyModel model = TinyModel.llama(5, 2, 4, Precision.FLOAT32)) {
      Attribution attribution =
          new IntegratedGradient(
                  Tiny.work(
                      model,
                      Tiny.task(0, Tiny.PAIRS.subList(0, 1)),
                      "logit-diff",
                      Tiny.enumerate(Quadrature.ADAPTIVE, 600)),
                  RunListener.SILENT)
              .attribute();
      // Float64 needs 45 points here.
      assertThat(attribution.points()).isLessThanOrEqualTo(75);
      assertThat(attribution.incomplete()).as(attribution.completeness()).isFalse();
    }
  }

  @Test
  void aGapThatIsNoNumberIsNotWithinItsError() {
    assertThat(with(new Estimate(Double.NaN, 1)).incomplete()).isTrue();
    assertThat(with(new Estimate(0.5, Double.NaN)).completeness()).endsWith("cannot be judged");
  }

  @Test
  void fewClustersNeedALargerGap() {
    Estimate gap = new Estimate(4, 1);
    assertThat(with(gap, 40).incomplete()).isTrue();
    assertThat(with(gap, 3).incomplete()).isFalse();
  }

  @Test
  void theErrorOfTheDifferenceIsOverTheSamePrompts() {
    try (TinyModel model = TinyModel.of("llama", 79, 1, 4)) {
      Settings settings = Tiny.enumerate(Quadrature.LEFT, 2);
      Workload work = Tiny.work(model, Tiny.task(2, Tiny.PAIRS), "answer-prob", settings);
      Evaluation ends = new Evaluation(work, RunListener.SILENT);
      double[] byPrompt = ends.difference(1);
      assertThat(byPrompt).hasSize(Tiny.PAIRS.size());
      Estimate expected = Estimate.mean(byPrompt);
      assertThat(ends.both().difference().value()).isCloseTo(expected.value(), offset(1e-12));
      assertThat(ends.both().difference().standardError())
          .isCloseTo(expected.standardError(), offset(1e-12))
          .isNotCloseTo(ends.clean().minus(ends.corrupted()).standardError(), offset(1e-6));
    }
  }

  private static Attribution with(Estimate gap) {
    return with(gap, 8);
  }

  private static Attribution with(Estimate gap, int clusters) {
    Scores none = new Scores(new double[0], new double[0], Estimate.exact(0));
    return new Attribution(
        new ComputationGraph(1, 1, false),
        none,
        none,
        none,
        Ends.unpaired(Estimate.exact(1), Estimate.exact(0)),
        gap,
        clusters,
        1,
        0);
  }
}
