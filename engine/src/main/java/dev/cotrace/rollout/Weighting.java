package dev.cotrace.rollout;

import java.util.List;

/** How much each rollout of a group, and each of its steps, counts in the gradient. */
@FunctionalInterface
public interface Weighting {
  /**
   * The weights of one group.
   *
   * @param rollout weight of each rollout: 1/K for K sampled ones, P(x) when all are listed
   * @param advantage R_t − b_t of each rollout's steps
   */
  record Weights(double[] rollout, double[][] advantage) {}

  /** Weights of the rollouts of one group, given what the model makes of them. */
  Weights of(Objective objective, List<Measurement> measurements);
}
