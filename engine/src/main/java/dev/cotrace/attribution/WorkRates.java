package dev.cotrace.attribution;

/**
 * How fast a machine, or an executor, does the jobs of a discovery: operations as {@link
 * PlannedWork} counts them by seconds of wall time, so that what it does not count is in them.
 *
 * @param ends of jobs of J(0) and J(1), in floating-point operations a second
 * @param circuits of jobs in circuits
 * @param gradients of jobs whose gradient is taken
 */
public record WorkRates(double ends, double circuits, double gradients) {
  /** Refuses what is no rate. */
  public WorkRates {
    for (double rate : new double[] {ends, circuits, gradients}) {
      if (!(rate > 0) || Double.isInfinite(rate)) {
        throw new IllegalArgumentException("a rate must be a number above 0, got " + rate);
      }
    }
  }

  /**
   * Seconds that {@code work} takes, with as many gate values as {@code points}.
   *
   * @param executors that share the jobs; a job is never divided
   */
  public double seconds(PlannedWork work, long points, int executors) {
    return Math.ceilDiv(work.ends(), executors) * work.endFlops() / ends
        + Math.ceilDiv(work.circuits(), executors) * work.circuitFlops() / circuits
        + Math.ceilDiv(work.gradients(points), executors) * work.gradientFlops() / gradients;
  }
}
