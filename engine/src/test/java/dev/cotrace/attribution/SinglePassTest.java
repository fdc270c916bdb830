package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Task;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * METHOD §9.4: with nothing generated the scores are those of integrated gradients on a single
 * forward pass.
 */
final class SinglePassTest {
  @ParameterizedTest
  @CsvSource({
    "llama, logit-diff, 51",
    "gpt2, prob-diff, 57",
    "llama, answer-kl, 58",
    "gpt2, logit-diff, 52",
    "llama, answer-prob, 53",
    "gpt2, answer-logprob, 54",
    "gpt_neox, logit-diff, 55",
    "gemma, logit-diff, 56"
  })
  void withNothingGeneratedTheLeftRuleAveragesNaiveGradients(
      String family, String objective, long seed) {
    int steps = 5;
    PromptPair pair = Tiny.PAIRS.getFirst();
    Task task = Tiny.task(0, List.of(pair));
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Settings settings =
          new Settings(Settings.Estimator.SAMPLED, 2, 1, Quadrature.LEFT, steps, 8, 1, 1);
      Attribution scores =
          new IntegratedGradient(Tiny.work(model, task, objective, settings), RunListener.SILENT)
              .attribute();
      double[] naive = naive(model, task, objective, steps);
      double scale = Arrays.stream(naive).map(Math::abs).max().orElseThrow();
      for (int cell = 0; cell < naive.length; cell++) {
        assertThat(scores.total().values()[cell]).isCloseTo(naive[cell], offset(1e-9 * scale));
        assertThat(scores.throughCot().values()[cell]).isZero();
        assertThat(scores.total().standardErrors()[cell]).isZero();
      }
      assertThat(scores.sampledTokens()).isZero();
    }
  }

  private static double[] naive(TinyModel model, Task task, String objective, int steps) {
    NaiveGatedModel gated = new NaiveGatedModel(model);
    List<Rollout> nothing = Enumeration.of(task.sampling(), 4);
    ExactObjective exact =
        new ExactObjective(
            gated, task.pairs().getFirst(), task.sampling(), Objective.parse(objective), nothing);
    double[] mean = new double[gated.graph().cells()];
    for (int k = 0; k < steps; k++) {
      double[] z = new double[mean.length];
      Arrays.fill(z, (double) k / steps);
      double[] direct = exact.at(z).direct();
      Arrays.setAll(mean, cell -> mean[cell] + direct[cell] / steps);
    }
    return mean;
  }
}
