package dev.cotrace.attribution;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Method;
import org.jspecify.annotations.Nullable;

/**
 * The integral of the gradient of the expected outcome over gates from corrupted to clean: {@code
 * φ_e = ∫_0^1 ∂J/∂z_e dα} at z = α·1, or as another {@link Method} has it (METHOD §5), with J(0)
 * and J(1) beside it.
 */
public final class IntegratedGradient {
  private final Workload work;
  private final Evaluation ends;
  private @Nullable References references;

  /** The attribution of {@code work}, with J(0) and J(1) sampled for it. */
  public IntegratedGradient(Workload work, RunListener listener) {
    this(work, new Evaluation(work, listener, /* keeps= */ true));
  }

  /**
   * The attribution of {@code work}, with the J(0) and J(1) of {@code ends}, which must keep its
   * rollouts where references are wanted, and whose runner works on this too.
   */
  public IntegratedGradient(Workload work, Evaluation ends) {
    this.work = work;
    this.ends = ends;
  }

  /**
   * Computes all scores; runs on the calling thread, and ends early with an exception when that is
   * interrupted.
   */
  public Attribution attribute() {
    Runner runner = ends.runner();
    Goal goal = new Goal(work, runner.listener());
    Integral integral = new Integral(work, runner);
    runner.keep("integral", integral);
    runner.keep("goal", goal);
    int rounds = 0;
    int more = work.firstRounds();
    while (true) {
      rounds += more;
      ends.extend(rounds);
      if (rounds < integral.rounds()) { // An earlier process has been further.
        more = 1;
        continue;
      }
      integral.extend(rounds, ends.difference(rounds));
      Attribution attribution = attribution(rounds, integral);
      more = goal.moreRounds(attribution, rounds);
      if (more == 0) {
        warnOfBareTrees(integral);
        references = new References(work, ends, integral.nodes(), rounds, runner);
        return attribution;
      }
    }
  }

  private void warnOfBareTrees(Integral integral) {
    boolean trees = work.settings().estimator() == Settings.Estimator.BRANCHING;
    if (trees && !work.exact() && !integral.branched()) {
      ends.runner()
          .listener()
          .say("warning: no tree has branched, because --branch-at was met nowhere");
    }
  }

  /**
   * What can stand beside the scores that {@link #attribute} found, at the same gate values.
   *
   * @throws IllegalStateException before that
   */
  public References references() {
    if (references == null) {
      throw new IllegalStateException("there are no scores yet to stand beside: attribute first");
    }
    return references;
  }

  private Attribution attribution(int rounds, Integral integral) {
    Clusters clusters = work.clusters(rounds);
    AttributionSum sum = integral.sum();
    return new Attribution(
        work.model().units(),
        work.settings().method(),
        sum.total(clusters),
        sum.direct(clusters),
        sum.throughCot(clusters),
        ends.both(),
        integral.gap(sum, clusters, ends.difference(rounds)),
        clusters.count(),
        integral.points(),
        integral.sampledTokens() + ends.sampledTokens(),
        sum.byCluster(clusters),
        sum.byBin(work.bins().names(), clusters));
  }
}
