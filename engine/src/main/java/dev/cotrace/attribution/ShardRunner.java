package dev.cotrace.attribution;

import java.util.List;

/**
 * Works on the jobs of one shard alone: what is added up then is the shard's part of the sums, and
 * no estimate of anything.
 */
public final class ShardRunner implements Runner {
  private final Runner runner;
  private final Shard shard;
  private final RunListener listener;

  /** Has {@code runner} do the jobs of {@code shard} of {@code work}. */
  public ShardRunner(Runner runner, Shard shard, Workload work) {
    this.runner = runner;
    this.shard = shard;
    int units = work.clusters(work.repeats()).units();
    listener =
        new RunListener() {
          @Override
          public void planned(String purpose, int jobs) {
            runner
                .listener()
                .planned(purpose, Math.toIntExact((long) shard.own(units) * jobs / units));
          }

          @Override
          public void say(String line) {
            runner.listener().say(line);
          }
        };
  }

  /** Hears of the shard's share of what is planned. */
  @Override
  public RunListener listener() {
    return listener;
  }

  @Override
  public List<JobResult> measure(Workload work, List<Job> jobs, Drawing drawing) {
    return runner.measure(work, own(work, jobs), drawing);
  }

  @Override
  public void gradients(Workload work, List<Job> jobs, Drawing drawing, GradientSink sink) {
    runner.gradients(work, own(work, jobs), drawing, sink);
  }

  @Override
  public void keep(String name, Kept part) {
    runner.keep(name, part);
  }

  private List<Job> own(Workload work, List<Job> jobs) {
    return jobs.stream().filter(job -> shard.has(work, job)).toList();
  }
}
