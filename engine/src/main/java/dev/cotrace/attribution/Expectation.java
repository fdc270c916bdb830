package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
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
  private final Runner runner;

  Expectation(Workload work, Runner runner) {
    this.work = work;
    this.runner = runner;
  }

  /** J at uniform gates {@code alpha} in rounds {@code from} to {@code to}: sums by cluster. */
  List<double[]> at(double alpha, int from, int to) {
    return sums(results(alpha, from, to), from, to);
  }

  /**
   * What each job of J at uniform gates {@code alpha} gave in rounds {@code from} to {@code to}.
   */
  List<JobResult> results(double alpha, int from, int to) {
    return runner.measure(work, jobs(alpha, from, to), Drawing.OWN);
  }

  /** What each job of J in the circuit gave in the first {@code rounds} rounds. */
  List<JobResult> results(Circuit circuit, int rounds) {
    return runner.measure(work, jobs(Double.NaN, 0, rounds), new Drawing.Sampled(circuit));
  }

  /** Number of jobs of one expectation in {@code rounds} rounds. */
  int jobCount(int rounds) {
    return work.clusters(rounds).units();
  }

  private List<Job> jobs(double alpha, int from, int to) {
    List<Job> jobs = new ArrayList<>();
    int prompts = work.task().pairs().size();
    for (int repeat = from; repeat < to; repeat++) {
      for (int prompt = 0; prompt < prompts; prompt++) {
        long stream = FIRST_STREAM + (long) repeat * prompts + prompt;
        jobs.add(new Job(stream, prompt, repeat, alpha, work.rolloutsPerJob()));
      }
    }
    return jobs;
  }

  /** What J adds up to by cluster, in each of the rounds {@code from} to {@code to}. */
  List<double[]> sums(List<JobResult> results, int from, int to) {
    List<double[]> rounds = new ArrayList<>();
    for (int round = from; round < to; round++) {
      rounds.add(new double[Clusters.MOST]);
    }
    Clusters clusters = work.clusters(to);
    for (JobResult result : results) {
      Job job = result.job();
      rounds.get(job.repeat() - from)[clusters.of(job.prompt(), job.repeat())] += result.value();
    }
    return rounds;
  }
}
