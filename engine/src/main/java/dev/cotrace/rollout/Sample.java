package dev.cotrace.rollout;

import java.util.List;

/**
 * The rollouts drawn for one prompt at one gate, with the weights that make them an unbiased
 * sample.
 *
 * @param rollouts the chains of thought
 * @param weighting how they count in expectations and gradients
 * @param tokens number of tokens drawn for them: a prefix that several share is drawn once
 * @param slots of each rollout's whole transcript on the record; none where nothing was recorded
 */
public record Sample(List<Rollout> rollouts, Weighting weighting, long tokens, List<int[]> slots) {
  /** Copies the lists. */
  public Sample {
    rollouts = List.copyOf(rollouts);
    slots = List.copyOf(slots);
  }

  /** That was not recorded. */
  public Sample(List<Rollout> rollouts, Weighting weighting, long tokens) {
    this(rollouts, weighting, tokens, List.of());
  }

  /** Of paths that have come to their ends. */
  static Sample of(List<Path> paths, Weighting weighting, long tokens) {
    return new Sample(
        paths.stream().map(Path::rollout).toList(),
        weighting,
        tokens,
        paths.stream().map(Path::slots).toList());
  }
}
