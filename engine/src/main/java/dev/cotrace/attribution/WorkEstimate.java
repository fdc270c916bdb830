package dev.cotrace.attribution;

import dev.cotrace.circuit.Method;
import dev.cotrace.rollout.Enumeration;
import java.util.Locale;

/**
 * How much a discovery has to compute, should no rollout end before its budget, in as many rounds
 * as {@code --repeats} says and without references. A rule that chooses its gate values as it goes
 * has a range.
 *
 * @param ends rollouts of J(0), J(1), two circuits and interventions
 * @param gradients rollouts whose gradient is taken
 * @param budget tokens of a rollout
 * @param listed whether rollouts are listed, so that no token is sampled
 */
public record WorkEstimate(long ends, Range gradients, int budget, boolean listed) {
  private static final int CIRCUITS = 2;

  /**
   * From one number to another.
   *
   * @param least with as few gate values as there may be
   * @param most with as many
   */
  public record Range(long least, long most) {
    private Range times(long factor) {
      return new Range(factor * least, factor * most);
    }

    private Range plus(long more) {
      return new Range(least + more, most + more);
    }
  }

  /** Of a discovery. */
  public static WorkEstimate of(Workload work) {
    Settings settings = work.settings();
    int rows = rows(work);
    int grown = work.enumerating() ? rows : work.rows(new Job(0, 0, 0, 1, rows));
    long units = (long) work.task().pairs().size() * work.repeats();
    boolean adaptive = settings.quadrature() == Quadrature.ADAPTIVE;
    int nodes = GaussKronrod.NODES.length;
    int points = work.writers() * (settings.quadrature() == Quadrature.EAP ? 1 : settings.points());
    // Halving an interval takes two rules of its halves.
    long most = adaptive ? nodes + (points - nodes) / (2 * nodes) * 2L * nodes : points;
    int interventions = settings.method() == Method.EXACT ? work.model().units().unitCount() : 0;
    long gradients = settings.method().isGradient() ? units * grown : 0;
    return new WorkEstimate(
        ends(work, CIRCUITS + interventions),
        new Range(gradients * (adaptive ? nodes : points), gradients * most),
        work.task().sampling().maxNewTokens(),
        work.enumerating());
  }

  /** Of an evaluation of {@code circuits} circuits. */
  public static WorkEstimate ofCircuits(Workload work, int circuits) {
    return new WorkEstimate(
        ends(work, circuits),
        new Range(0, 0),
        work.task().sampling().maxNewTokens(),
        work.enumerating());
  }

  private static long ends(Workload work, int circuits) {
    return (2L + circuits) * work.task().pairs().size() * work.repeats() * rows(work);
  }

  /** Rollouts of one expectation of one prompt. */
  private static int rows(Workload work) {
    return work.enumerating()
        ? Enumeration.of(work.task().sampling(), work.model().vocabulary()).size()
        : work.rolloutsPerJob();
  }

  /** Rollouts in all. */
  public Range rollouts() {
    return gradients.plus(ends);
  }

  /** Tokens that are sampled. */
  public Range tokens() {
    return listed ? new Range(0, 0) : rollouts().times(budget);
  }

  /** Whole transcripts that are run forward, beside sampling. */
  public Range passesForward(Layout layout) {
    if (listed) {
      return rollouts();
    }
    return layout.backward() == Settings.Backward.RECOMPUTE ? gradients : new Range(0, 0);
  }

  /** {@code range} for people. */
  public String range(Range range) {
    return range.least == range.most
        ? String.format(Locale.ROOT, "%,d", range.least)
        : String.format(Locale.ROOT, "%,d to %,d", range.least, range.most);
  }
}
