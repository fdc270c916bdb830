package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Method;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Task;
import java.util.Arrays;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Interventions on single edges against a naive model, chains of thought listed. */
final class ExactEffectsTest {
  /** Probability that a test fails by chance. */
  private static final double FAMILY_WISE = 0.001;

  @ParameterizedTest
  @CsvSource({
    "llama, 2, answer-prob - 0.5*kl, 1",
    "gpt2, 2, exact-match + logit-diff, 2",
    "gpt_neox, 1, answer-logprob, 3",
    "gemma, 1, exact-match, 4",
    "llama, 0, logit-diff, 5",
    "gpt2, 0, answer-kl, 6"
  })
  void aScoreIsWhatCorruptingTheEdgeTakesFromJ(
      String family, int tokens, String objective, long seed) {
    Task task = Tiny.task(tokens, Tiny.PAIRS.subList(0, 2));
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      Attribution scores = attribute(model, task, objective, Tiny.enumerate(Quadrature.LEFT, 1));
      for (int cell : scores.graph().edgeCells()) {
        double[] shut = open(naive);
        shut[cell] = 0;
        double total = 0;
        double direct = 0;
        for (PromptPair pair : task.pairs()) {
          ExactObjective exact = exact(naive, task, pair, objective);
          double clean = exact.at(open(naive)).value();
          total += (clean - exact.at(shut).value()) / task.pairs().size();
          direct += (clean - exact.onCleanRollouts(shut).value()) / task.pairs().size();
        }
        assertThat(scores.total().values()[cell]).isCloseTo(total, offset(1e-9));
        assertThat(scores.direct().values()[cell]).isCloseTo(direct, offset(1e-9));
        assertThat(scores.throughCot().values()[cell]).isCloseTo(total - direct, offset(1e-9));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 11", "gpt2, 12"})
  void sampledEffectsAreUnbiased(String family, long seed) {
    Task task = Tiny.task(2, Tiny.PAIRS.subList(0, 1));
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Settings settings =
          new Settings(Settings.Estimator.SAMPLED, 8, 40, Quadrature.EAP, 1, 500, 1, seed);
      Attribution sampled = attribute(model, task, "answer-prob + kl", settings);
      Attribution listed =
          attribute(model, task, "answer-prob + kl", Tiny.enumerate(Quadrature.LEFT, 1));
      double bound =
          NormalDistribution.of(0, 1)
              .inverseSurvivalProbability(FAMILY_WISE / 4 / sampled.graph().edgeCount());
      for (int cell : sampled.graph().edgeCells()) {
        assertUnbiased(sampled.direct().at(cell), listed.direct().values()[cell], bound);
        assertUnbiased(sampled.throughCot().at(cell), listed.throughCot().values()[cell], bound);
      }
    }
  }

  private static void assertUnbiased(Estimate estimate, double exact, double bound) {
    // An estimate whose samples all agree has no error bar; rounding is all it may be off by.
    assertThat(Math.abs(estimate.value() - exact))
        .isLessThanOrEqualTo(bound * estimate.standardError() + 1e-10);
  }

  private static Attribution attribute(
      TinyModel model, Task task, String objective, Settings settings) {
    Workload work = Tiny.work(model, task, objective, settings.with(Method.EXACT));
    Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
    return new ExactEffects(work, ends).attribute();
  }

  private static ExactObjective exact(
      NaiveGatedModel naive, Task task, PromptPair pair, String objective) {
    return new ExactObjective(
        naive,
        pair,
        task.sampling(),
        Objective.parse(objective),
        Enumeration.of(task.sampling(), 4));
  }

  private static double[] open(NaiveGatedModel naive) {
    double[] open = new double[naive.graph().cells()];
    Arrays.fill(open, 1);
    return open;
  }
}
