package dev.cotrace.attribution;

import dev.cotrace.circuit.Attribution;
import java.util.Arrays;

/**
 * The integral of the gradient of the expected outcome over gates from corrupted to clean: {@code
 * φ_e = ∫_0^1 ∂J/∂z_e dα} at z = α·1 (METHOD §5), with J(0) and J(1) beside it.
 */
public final class IntegratedGradient {
  private final Workload work;
  private final RunListener listener;
  private final JobRunner runner;

  /** The attribution of {@code work}. */
  public IntegratedGradient(Workload work, RunListener listener) {
    this.work = work;
    this.listener = listener;
    runner = new JobRunner(work, listener);
  }

  /**
   * Computes all scores; runs on the calling thread, and ends early with an exception when that is
   * interrupted.
   */
  public Attribution attribute() {
    Expectation expectation = new Expectation(work, runner);
    listener.planned("J(0) and J(1)", 2 * expectation.jobCount());
    Expectation.Sums corrupted = expectation.at(0);
    Expectation.Sums clean = expectation.at(1);
    Integral integral = new Integral(work, runner, listener, difference(clean, corrupted));
    AttributionSum sum =
        work.settings().quadrature() == Quadrature.ADAPTIVE
            ? integral.adaptive()
            : integral.fixed();
    return new Attribution(
        work.model().graph(),
        sum.total(),
        sum.direct(),
        sum.throughCot(),
        clean.mean(),
        corrupted.mean(),
        integral.gap(sum),
        integral.points(),
        runner.sampledTokens());
  }

  /** J(1) − J(0) by cluster. */
  private static double[] difference(Expectation.Sums clean, Expectation.Sums corrupted) {
    double[] difference = new double[clean.byCluster().length];
    Arrays.setAll(difference, c -> clean.byCluster()[c] - corrupted.byCluster()[c]);
    return difference;
  }
}
