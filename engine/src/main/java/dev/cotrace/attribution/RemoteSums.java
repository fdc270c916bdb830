package dev.cotrace.attribution;

import java.io.DataInput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a task's gradients add up to, with what each of its jobs gave. */
final class RemoteSums implements GradientSink {
  private final RemoteTask task;
  private final AttributionSum[] sums;
  private final List<JobResult> results = new ArrayList<>();
  private final double[] totals;

  /** Nothing yet. */
  RemoteSums(Workload work, RemoteTask task) {
    this.task = task;
    int parts = 1 + task.shares().stream().mapToInt(Share::part).max().orElse(-1);
    sums = new AttributionSum[parts];
    Arrays.setAll(sums, _ -> Interval.emptySum(work));
    totals = new double[task.jobs().size()];
  }

  @Override
  public int done() {
    return results.size();
  }

  /** The share of the next job: they come in their order. */
  @Override
  public Share share(Job job) {
    return task.shares().get(results.size());
  }

  @Override
  public AttributionSum sum(int part) {
    return sums[part];
  }

  @Override
  public void added(JobResult result, Share share, double total) {
    totals[results.size()] = total;
    results.add(result);
  }

  /** Writes this for {@link #read}. */
  void write(DataOutputStream out) throws IOException {
    for (JobResult result : results) {
      ResultBytes.write(out, result);
    }
    Doubles.write(out, totals);
    for (AttributionSum sum : sums) {
      sum.save(out);
    }
  }

  /** What {@link #write} wrote of {@code task} in the same work. */
  static RemoteSums read(DataInput in, Workload work, RemoteTask task) throws IOException {
    RemoteSums read = new RemoteSums(work, task);
    for (int i = 0; i < task.jobs().size(); i++) {
      read.results.add(ResultBytes.result(in, work.objective()));
    }
    Doubles.read(in, read.totals);
    for (AttributionSum sum : read.sums) {
      sum.restore(in);
    }
    return read;
  }

  /** Adds all this to {@code sink}, as its jobs one by one would have. */
  void addTo(GradientSink sink) {
    for (int part = 0; part < sums.length; part++) {
      sink.sum(part).add(sums[part]);
    }
    for (int i = 0; i < results.size(); i++) {
      sink.added(results.get(i), task.shares().get(i), totals[i]);
    }
  }

  /** What each job gave, in their order. */
  List<JobResult> results() {
    return results;
  }
}
