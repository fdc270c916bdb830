package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import java.util.Arrays;

/**
 * What circuits are worth when one really samples from them: chains of thought are drawn from H_C,
 * with the circuit's edges clean and all others corrupted (METHOD §8).
 */
public final class Evaluation {
  private final JobRunner runner;
  private final Expectation expectation;
  private final Clusters clusters;
  private final RunListener listener;
  private final Expectation.Sums corrupted;
  private final Expectation.Sums clean;

  /** Samples from the clean and the corrupted model, against which circuits are measured. */
  public Evaluation(Workload work, RunListener listener) {
    this.listener = listener;
    clusters = work.clusters();
    runner = new JobRunner(work, listener);
    expectation = new Expectation(work, runner);
    listener.planned("J(0) and J(1)", 2 * expectation.jobCount());
    corrupted = expectation.at(0);
    clean = expectation.at(1);
  }

  /** J(0). */
  public Estimate corrupted() {
    return corrupted.mean();
  }

  /** J(1). */
  public Estimate clean() {
    return clean.mean();
  }

  /** J(1) − J(0) by cluster. */
  double[] difference() {
    return less(clean.byCluster(), corrupted.byCluster());
  }

  /** Number of tokens sampled so far. */
  long sampledTokens() {
    return runner.sampledTokens();
  }

  /** Samples from {@code circuit}. */
  public Faithfulness of(Circuit circuit) {
    listener.planned("circuit of %d edges".formatted(circuit.size()), expectation.jobCount());
    Expectation.Sums sums = expectation.in(circuit);
    Estimate faithfulness =
        clusters.ratio(less(sums.byCluster(), corrupted.byCluster()), difference());
    return new Faithfulness(circuit.size(), sums.mean(), faithfulness);
  }

  private static double[] less(double[] a, double[] b) {
    double[] difference = new double[a.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return difference;
  }
}
