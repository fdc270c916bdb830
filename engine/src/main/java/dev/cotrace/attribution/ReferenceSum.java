package dev.cotrace.attribution;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** The gradients of a reference, as far as they have been added up. */
final class ReferenceSum implements GradientSink, Kept {
  private final Nodes nodes;
  private final Clusters clusters;
  private final long firstJob;
  private final AttributionSum sum;
  private int done;
  private long sampledTokens;

  /**
   * Nothing yet.
   *
   * @param nodes at which every prompt and repeat has a job, one after the other
   * @param firstJob index of the first of them
   */
  ReferenceSum(Workload work, Nodes nodes, Clusters clusters, long firstJob) {
    this(new AttributionSum(work.model().units().cells()), nodes, clusters, firstJob);
  }

  private ReferenceSum(AttributionSum sum, Nodes nodes, Clusters clusters, long firstJob) {
    this.sum = sum;
    this.nodes = nodes;
    this.clusters = clusters;
    this.firstJob = firstJob;
  }

  /** What has been added up. */
  AttributionSum gradients() {
    return sum;
  }

  /** Number of tokens drawn for it. */
  long sampledTokens() {
    return sampledTokens;
  }

  @Override
  public int done() {
    return done;
  }

  @Override
  public Share share(Job job) {
    int node = Math.toIntExact((job.index() - firstJob) % nodes.count());
    return new Share(
        0,
        node,
        clusters.of(job.prompt(), job.repeat()),
        nodes.weight()[node],
        nodes.coarse()[node]);
  }

  @Override
  public AttributionSum sum(int part) {
    return sum;
  }

  @Override
  public void added(JobResult result, Share share, double total) {
    done++;
    sampledTokens += result.tokens();
  }

  @Override
  public void save(DataOutput out) throws IOException {
    out.writeInt(done);
    out.writeLong(sampledTokens);
    sum.save(out);
  }

  @Override
  public void restore(DataInput in) throws IOException {
    done = in.readInt();
    sampledTokens = in.readLong();
    sum.restore(in);
  }

  @Override
  public void add(DataInput in) throws IOException {
    ReferenceSum other = new ReferenceSum(sum.empty(), nodes, clusters, firstJob);
    other.restore(in);
    done += other.done;
    sampledTokens += other.sampledTokens;
    sum.add(other.sum);
  }
}
