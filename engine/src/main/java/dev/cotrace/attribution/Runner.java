package dev.cotrace.attribution;

import java.util.List;

/**
 * Works on jobs, in batches, and hands over what they gave in the order of the jobs: what is added
 * up depends neither on the number of threads nor on which of them is faster.
 */
public interface Runner {
  /** Hears how the run goes. */
  RunListener listener();

  /** What every job of {@code work} gives without a gradient, in the jobs' order. */
  List<JobResult> measure(Workload work, List<Job> jobs, Drawing drawing);

  /** Adds the gradients of jobs of {@code work} to {@code sink}, but for those that it has. */
  void gradients(Workload work, List<Job> jobs, Drawing drawing, GradientSink sink);

  /**
   * Makes {@code part} a part of the run's checkpoint, called {@code name}; what an earlier process
   * left of it is restored at once.
   */
  void keep(String name, Kept part);
}
