package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.Method;

/**
 * How an attribution is computed.
 *
 * @param method what a score is
 * @param estimator where the expectation over chains of thought comes from
 * @param baseline what is subtracted from rewards, for {@link Estimator#SAMPLED}
 * @param rollouts K, rollouts of a prompt at one α; trees for {@link Estimator#BRANCHING}
 * @param repeats independent groups of K rollouts of a prompt at one α: rounds
 * @param quadrature the rule of the integral
 * @param points number of gate values α; for the adaptive rule its budget
 * @param allot how a round's rollouts are dealt out to the gate values
 * @param branchTop tokens listed at a branching
 * @param branchRest tokens drawn from the others at a branching
 * @param branchMost branchings on one path
 * @param until what ends a run beyond its repeats
 * @param ranking which edges come first, in circuits and where {@code until} asks for stability
 * @param backward where the backward pass starts from; changes speed and memory, not results
 * @param batchRows rollouts that are sampled and differentiated together at most: a {@link Layout}
 *     may have fewer. Changes speed and memory; results only where later rounds of {@link
 *     Allotment#VARIANCE} would give a group more than that
 * @param threads cores to compute with: batches that are worked on at the same time at most, or
 *     threads within one; changes speed and memory, not results
 * @param seed of all randomness
 */
public record Settings(
    Method method,
    Estimator estimator,
    BaselineKind baseline,
    int rollouts,
    int repeats,
    Quadrature quadrature,
    int points,
    Allotment allot,
    int branchTop,
    int branchRest,
    int branchMost,
    Until until,
    Ranking ranking,
    Backward backward,
    int batchRows,
    int threads,
    long seed) {

  /** Where the backward pass finds what the forward pass computed. */
  public enum Backward {
    /** {@link #RECORDED} where there is memory for it, else {@link #RECOMPUTE}. */
    AUTO,
    /** On the tape that sampling writes: no second forward pass. */
    RECORDED,
    /** In a second forward pass over a few whole transcripts at a time: less memory. */
    RECOMPUTE
  }

  /** Where the expectation over chains of thought comes from. */
  public enum Estimator {
    /** K rollouts drawn apart from each other. */
    SAMPLED,
    /** K trees of rollouts that list the most probable tokens at chosen steps. */
    BRANCHING,
    /** K different rollouts drawn without replacement: for short or peaked problems. */
    WITHOUT_REPLACEMENT,
    /**
     * All possible rollouts, weighted by their probabilities: exact, for small vocabularies and
     * budgets.
     */
    ENUMERATE
  }

  /** What is subtracted from the rewards of independent rollouts. */
  public enum BaselineKind {
    /** Nothing, and every step is given the whole of F: the classical estimator. */
    REINFORCE,
    /** Nothing; a step is given what is yet to come. */
    NONE,
    /** The mean over the other rollouts, step by step. */
    LEAVE_ONE_OUT,
    /** As {@link #LEAVE_ONE_OUT}, and for each edge the multiple of its score that helps most. */
    PER_EDGE
  }

  /** How a round's rollouts are dealt out to the gate values. */
  public enum Allotment {
    /** K to each. */
    EQUAL,
    /** As many in all, in proportion to weight and spread as measured in the rounds before. */
    VARIANCE
  }

  /** Plain settings: gates, leave-one-out, equal allotment, no goal. */
  public Settings(
      Estimator estimator,
      int rollouts,
      int repeats,
      Quadrature quadrature,
      int points,
      int batchRows,
      int threads,
      long seed) {
    this(
        Method.IG_GATES,
        estimator,
        BaselineKind.LEAVE_ONE_OUT,
        rollouts,
        repeats,
        quadrature,
        points,
        Allotment.EQUAL,
        2,
        1,
        1,
        Until.DONE,
        Ranking.ABSOLUTE,
        Backward.AUTO,
        batchRows,
        threads,
        seed);
  }

  /** Refuses settings that define no estimate. */
  public Settings {
    int fewest = fewest(estimator, baseline);
    if (rollouts < fewest) {
      throw new IllegalArgumentException(
          "--rollouts must be at least %d, got %d: the baseline of a rollout comes from the others"
              .formatted(fewest, rollouts));
    }
    if (estimator != Estimator.SAMPLED && baseline != BaselineKind.LEAVE_ONE_OUT) {
      throw new IllegalArgumentException(
          "--baseline chooses for --estimator sampled; the others have a baseline of their own or need none: leave it out");
    }
    new Steps(quadrature, points).requireFor(method);
    if (!method.isGradient() && until.goesOn()) {
      throw new IllegalArgumentException(
          "--until adds rounds of gradients, and --method %s takes none: leave out --until"
              .formatted(method.label()));
    }
    requirePositive("--branch-top", branchTop);
    requirePositive("--branch-rest", branchRest);
    requirePositive("--branch-most", branchMost);
    requirePositive("--repeats", repeats);
    requirePositive("--batch-rows", batchRows);
    requirePositive("--threads", threads);
  }

  /** Fewest rollouts that the estimator is defined for. */
  int fewestRollouts() {
    return fewest(estimator, baseline);
  }

  private static int fewest(Estimator estimator, BaselineKind baseline) {
    return switch (estimator) {
      case BRANCHING, ENUMERATE -> 1;
      case WITHOUT_REPLACEMENT -> 2;
      case SAMPLED ->
          switch (baseline) {
            case REINFORCE, NONE -> 1;
            case LEAVE_ONE_OUT -> 2;
            case PER_EDGE -> 4;
          };
    };
  }

  private static void requirePositive(String flag, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s must be at least 1, got %d".formatted(flag, value));
    }
  }

  /** These settings with another estimator. */
  public Settings with(Estimator other) {
    return with(other, baseline, allot, branchTop, branchRest, branchMost, until, ranking);
  }

  /** These settings with another baseline. */
  public Settings with(BaselineKind other) {
    return with(estimator, other, allot, branchTop, branchRest, branchMost, until, ranking);
  }

  /** These settings with another allotment. */
  public Settings with(Allotment other) {
    return with(estimator, baseline, other, branchTop, branchRest, branchMost, until, ranking);
  }

  /** These settings with other branchings. */
  public Settings branching(int top, int rest, int most) {
    return with(estimator, baseline, allot, top, rest, most, until, ranking);
  }

  /** These settings with another goal. */
  public Settings with(Until other) {
    return with(estimator, baseline, allot, branchTop, branchRest, branchMost, other, ranking);
  }

  /** These settings with another ranking. */
  public Settings with(Ranking other) {
    return with(estimator, baseline, allot, branchTop, branchRest, branchMost, until, other);
  }

  /** These settings with another method. */
  public Settings with(Method other) {
    return with(other, backward);
  }

  /** These settings with another backward pass. */
  public Settings with(Backward other) {
    return with(method, other);
  }

  private Settings with(Method newMethod, Backward newBackward) {
    return new Settings(
        newMethod,
        estimator,
        baseline,
        rollouts,
        repeats,
        quadrature,
        points,
        allot,
        branchTop,
        branchRest,
        branchMost,
        until,
        ranking,
        newBackward,
        batchRows,
        threads,
        seed);
  }

  /** These settings with rollouts that are drawn apart and count alike. */
  Settings plain() {
    return with(
        Estimator.SAMPLED,
        BaselineKind.NONE,
        Allotment.EQUAL,
        branchTop,
        branchRest,
        branchMost,
        until,
        ranking);
  }

  private Settings with(
      Estimator newEstimator,
      BaselineKind newBaseline,
      Allotment newAllot,
      int newTop,
      int newRest,
      int newMost,
      Until newUntil,
      Ranking newRanking) {
    return new Settings(
        method,
        newEstimator,
        newBaseline,
        rollouts,
        repeats,
        quadrature,
        points,
        newAllot,
        newTop,
        newRest,
        newMost,
        newUntil,
        newRanking,
        backward,
        batchRows,
        threads,
        seed);
  }
}
