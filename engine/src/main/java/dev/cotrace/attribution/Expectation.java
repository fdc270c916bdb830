package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Estimate;
import java.util.ArrayList;
import java.util.List;

/**
 * Estimates J at given gates from rollouts of every prompt, cluster by cluster.
 *
 * <p>Every expectation of a run uses the same random numbers: differences between gates have less
 * noise than each value.
 */
final class Expectation {
  /** Streams from here on are not used by jobs of the integral. */
  private static final long FIRST_STREAM = 1L << 40;

  private final Workload work;
  private final JobRunner runner;

  Expectation(Workload work, JobRunner runner) {
    this.work = work;
    this.runner = runner;
  }

  /** J at uniform gates {@code alpha}. */
  Sums at(double alpha) {
    return sums(runner.measure(jobs(alpha)));
  }

  /** J in the circuit. */
  Sums in(Circuit circuit) {
    return sums(runner.measure(jobs(Double.NaN), circuit));
  }

  /** Number of jobs of one expectation. */
  int jobCount() {
    return work.clusters().units();
  }

  private List<Job> jobs(double alpha) {
    List<Job> jobs = new ArrayList<>();
    for (int prompt = 0; prompt < work.task().pairs().size(); prompt++) {
      for (int repeat = 0; repeat < work.repeats(); repeat++) {
        jobs.add(new Job(FIRST_STREAM + jobs.size(), prompt, repeat, alpha));
      }
    }
    return jobs;
  }

  private Sums sums(List<JobResult> results) {
    Clusters clusters = work.clusters();
    double[] sums = new double[clusters.count()];
    for (JobResult result : results) {
      sums[clusters.of(result.job().prompt(), result.job().repeat())] += result.value();
    }
    return new Sums(sums, clusters.mean(sums));
  }

  /**
   * J by cluster and in all.
   *
   * @param byCluster sums over the units of each cluster
   * @param mean over all units
   */
  record Sums(double[] byCluster, Estimate mean) {}
}
