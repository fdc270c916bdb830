package dev.cotrace.attribution;

/**
 * How an attribution is computed.
 *
 * @param estimator sampled rollouts, or all of them
 * @param rollouts K, rollouts of a prompt at one α; at least 2, so that a leave-one-out baseline
 *     exists
 * @param repeats independent groups of K rollouts of a prompt at one α
 * @param quadrature the rule of the integral
 * @param points number of gate values α; for the adaptive rule its budget
 * @param batchRows rollouts that are sampled and differentiated together; changes speed and memory,
 *     not results
 * @param threads batches that are worked on at the same time; changes speed and memory, not results
 * @param seed of all randomness
 */
public record Settings(
    Estimator estimator,
    int rollouts,
    int repeats,
    Quadrature quadrature,
    int points,
    int batchRows,
    int threads,
    long seed) {

  /** Where the expectation over chains of thought comes from. */
  public enum Estimator {
    /** K sampled rollouts with a leave-one-out baseline. */
    SAMPLED,
    /**
     * All possible rollouts, weighted by their probabilities: exact, for small vocabularies and
     * budgets.
     */
    ENUMERATE
  }

  /** Refuses settings that define no estimate. */
  public Settings {
    if (estimator == Estimator.SAMPLED && rollouts < 2) {
      throw new IllegalArgumentException(
          "--rollouts must be at least 2, got %d: the baseline of a rollout is the mean of the others"
              .formatted(rollouts));
    }
    if (repeats < 1 || batchRows < 1 || threads < 1) {
      throw new IllegalArgumentException(
          "--repeats, --batch-rows and --threads must be at least 1, got %d, %d and %d"
              .formatted(repeats, batchRows, threads));
    }
    if (points < quadrature.fewestPoints()) {
      throw new IllegalArgumentException(
          "--quadrature %s needs --points of at least %d, got %d"
              .formatted(quadrature.label(), quadrature.fewestPoints(), points));
    }
  }
}
