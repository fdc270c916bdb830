package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What rounds learn from each other depends on no layout of the work. */
final class AllotmentLawsTest {
  private static final int STEPS = 27;

  @ParameterizedTest
  @CsvSource({"llama, 1, 1", "gpt2, 2, 7", "gpt_neox, 3, 64", "gemma, 4, 16"})
  void laterRoundsAreAllottedAlikeHoweverGradientsAreTaken(String family, long seed, int rows) {
    Settings settings =
        new Settings(Settings.Estimator.SAMPLED, 4, 4, Quadrature.MIDPOINT, 3, 64, 1, seed)
            .with(Settings.Allotment.VARIANCE);
    List<Integer> rollouts = new ArrayList<>();
    List<Integer> again = new ArrayList<>();
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Attribution recorded = attribute(model, settings, Settings.Backward.RECORDED, 64, rollouts);
      Attribution recomputed = attribute(model, settings, Settings.Backward.RECOMPUTE, rows, again);
      assertThat(again).isEqualTo(rollouts);
      assertThat(rollouts.stream().distinct()).hasSizeGreaterThan(1);
      assertThat(recomputed.total().values())
          .containsExactly(recorded.total().values(), offset(1e-10));
    }
  }

  private static Attribution attribute(
      TinyModel model,
      Settings settings,
      Settings.Backward backward,
      int rows,
      List<Integer> rollouts) {
    Workload work =
        Tiny.work(model, Tiny.task(2, Tiny.PAIRS), "answer-prob + kl", settings.with(backward));
    RunListener listener =
        new RunListener() {
          @Override
          public void done(JobResult result) {
            rollouts.add(result.rollouts().size());
          }
        };
    // A group's rollouts may be as many as the settings' rows, so the layout alone has fewer.
    Layout layout = new Layout(rows, 1, backward, rows);
    return new IntegratedGradient(work.with(layout), listener).attribute();
  }

  /** More steps on one tape than there are doublings of anything. */
  @ParameterizedTest
  @CsvSource({"zero", "mean-positional"})
  void longTapesOfConstantsStaySmall(String kind) {
    try (TinyModel model = TinyModel.of("llama", 5, 1, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      PromptPair pair = tiny.pair();
      Sampling sampling =
          new Sampling(
              1,
              STEPS,
              Set.of(),
              StopRule.NEVER,
              new int[0],
              new Scheme.BranchPoints.After(StopRule.NEVER),
              tiny.corruption());
      Task task = new Task(List.of(pair), sampling, Tiny.OUTCOMES);
      Settings settings =
          new Settings(Settings.Estimator.SAMPLED, 2, 2, Quadrature.MIDPOINT, 2, 2, 1, 5)
              .with(Settings.Backward.RECORDED);
      Workload work = Tiny.work(model, task, "answer-prob", settings);
      Attribution scores = new IntegratedGradient(work, RunListener.SILENT).attribute();
      assertThat(scores.sampledTokens()).isGreaterThan(8 * STEPS);
    }
  }
}
