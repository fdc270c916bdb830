package dev.cotrace.attribution;

import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import java.util.function.ToIntFunction;

/**
 * What a run's memory depends on beside the model and its layout.
 *
 * @param pairs number of prompt pairs
 * @param prompt tokens of the longest prompt
 * @param budget tokens that a rollout may have
 * @param answer tokens of the longest answer
 * @param after tokens that are fed after the chain of thought at most
 * @param ends whether a rollout may end before its budget
 * @param blocks 2 with a corrupted run, else 1
 * @param divergence whether the objective compares with the clean model
 * @param bins of positions
 * @param rollouts of an expectation of one prompt; unbounded where they are listed
 * @param groupRows rows that must be together: those of the largest group there may be, or one of
 *     listed rollouts
 * @param groups whose gradients are taken in one go
 * @param gradientsPerRollout cotangents that go back, 2 or 4
 * @param tapes that a gradient reads: 2 where differences come from a run of their own
 * @param listed whether every rollout is listed, not sampled
 */
public record RunShape(
    int pairs,
    int prompt,
    int budget,
    int answer,
    int after,
    boolean ends,
    int blocks,
    boolean divergence,
    int bins,
    int rollouts,
    int groupRows,
    long groups,
    int gradientsPerRollout,
    int tapes,
    boolean listed) {

  /** Of {@code work}. */
  static RunShape of(Workload work) {
    Sampling sampling = work.task().sampling();
    Settings settings = work.settings();
    int answer = longest(work, pair -> pair.answer().length);
    int rollouts = work.rolloutsPerJob();
    int rows = work.rows(new Job(0, 0, 0, 1, rollouts));
    // Later rounds may give a group as many rollouts as a batch has rows.
    boolean learns =
        settings.allot() == Settings.Allotment.VARIANCE
            && !work.exact()
            && (work.repeats() > 1 || settings.until().goesOn());
    boolean adaptive = settings.quadrature() == Quadrature.ADAPTIVE;
    int points = work.writers() * (adaptive ? 2 * GaussKronrod.NODES.length : settings.points());
    boolean perEdge = settings.baseline() == Settings.BaselineKind.PER_EDGE;
    return new RunShape(
        work.task().pairs().size(),
        longest(work, PromptPair::longest),
        sampling.maxNewTokens(),
        answer,
        sampling.answerPrefix().length + Math.max(0, answer - 1),
        !sampling.endTokens().isEmpty() || !sampling.stop().equals(StopRule.NEVER),
        sampling.corruption().runs() ? 2 : 1,
        work.objective().readsClean(),
        work.bins().names().size(),
        work.enumerating() ? Integer.MAX_VALUE : rollouts,
        work.enumerating() ? 1 : learns ? Math.max(rows, settings.batchRows()) : rows,
        work.enumerating()
            ? Integer.MAX_VALUE
            : (long) work.task().pairs().size() * work.repeats() * points,
        perEdge ? 4 : 2,
        work.freezesDifferences() ? 2 : 1,
        work.enumerating());
  }

  /**
   * Of a task that need not be there, on answers of one token, with a corrupted run beside.
   *
   * @param prompt tokens of the longest prompt
   * @param budget tokens that a rollout may have, and has
   * @param divergence whether the objective compares with the clean model
   * @param groups whose gradients are taken in one go
   */
  public static RunShape planned(
      Settings settings, int pairs, int prompt, int budget, boolean divergence, long groups) {
    return new RunShape(
        pairs,
        prompt,
        budget,
        1,
        0,
        false,
        2,
        divergence,
        0,
        settings.rollouts(),
        settings.rollouts(),
        groups,
        2,
        1,
        false);
  }

  private static int longest(Workload work, ToIntFunction<PromptPair> length) {
    return work.task().pairs().stream().mapToInt(length).max().orElseThrow();
  }

  /** Batches that are worked on side by side. */
  int together(Layout layout) {
    return Math.toIntExact(Math.clamp(groups, 1, layout.threads()));
  }

  /** Groups of a batch: as many as its rows hold, and no more than leave some for the others. */
  long groupsOfBatch(Layout layout) {
    long share = Math.ceilDiv(groups, together(layout));
    return Math.max(1, Math.min(layout.batchRows() / groupRows, share));
  }

  /** Positions of the longest transcript. */
  long positions() {
    return (long) prompt + budget + after;
  }

  /** Positions of a rollout whose logits are read. */
  long read() {
    return (long) budget + answer;
  }
}
