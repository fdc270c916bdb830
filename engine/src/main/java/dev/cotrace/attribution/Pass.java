package dev.cotrace.attribution;

import dev.cotrace.rollout.Randomness;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The gradients of all prompts at the nodes of some intervals, in a few rounds. */
final class Pass implements GradientSink {
  /** Steps are not negative: this stream is no draw's. */
  private static final long GATE = -1;

  private final Workload work;
  private final List<Interval> intervals;
  private final int from;
  private final int to;
  private final long firstJob;
  private final int[] rollouts;
  private int done;
  private long sampledTokens;
  private boolean branched;

  /**
   * Nothing yet.
   *
   * @param from first round
   * @param to round after the last
   * @param firstJob index of the first job
   * @param rollouts of a job at each node of the intervals
   */
  Pass(Workload work, List<Interval> intervals, int from, int to, long firstJob, int[] rollouts) {
    this.work = work;
    this.intervals = intervals;
    this.from = from;
    this.to = to;
    this.firstJob = firstJob;
    this.rollouts = rollouts;
  }

  /** Its jobs, prompt by prompt. */
  List<Job> jobs() {
    Randomness randomness = new Randomness(work.settings().seed());
    Nodes nodes = Nodes.together(intervals.stream().map(Interval::nodes).toList());
    long next = firstJob;
    List<Job> jobs = new ArrayList<>();
    for (int prompt = 0; prompt < work.task().pairs().size(); prompt++) {
      for (int repeat = from; repeat < to; repeat++) {
        for (int node = 0; node < nodes.count(); node++) {
          double gate = nodes.gate(node, randomness.uniform(next, 0, GATE));
          jobs.add(new Job(next++, prompt, repeat, nodes.writer(node), gate, gate, rollouts[node]));
        }
      }
    }
    return jobs;
  }

  /** Number of gate values. */
  int points() {
    return rollouts.length;
  }

  /** Number of tokens sampled for it so far. */
  long sampledTokens() {
    return sampledTokens;
  }

  /** Whether any job so far had more rollouts than it was asked for: a tree has branched. */
  boolean branched() {
    return branched;
  }

  @Override
  public int done() {
    return done;
  }

  @Override
  public Share share(Job job) {
    int node = Math.toIntExact((job.index() - firstJob) % rollouts.length);
    int part = 0;
    for (; node >= intervals.get(part).nodes().count(); part++) {
      node -= intervals.get(part).nodes().count();
    }
    Nodes nodes = intervals.get(part).nodes();
    int cluster = work.clusters(to).of(job.prompt(), job.repeat());
    return new Share(part, node, cluster, nodes.weight()[node], nodes.coarse()[node]);
  }

  @Override
  public AttributionSum sum(int part) {
    return intervals.get(part).sum();
  }

  @Override
  public void added(JobResult result, Share share, double total) {
    intervals.get(share.part()).allotment().add(share.node(), result.job(), total);
    branched |= result.rollouts().size() > result.job().rollouts();
    sampledTokens += result.tokens();
    done++;
  }

  /** Writes this for {@link #restored}, its intervals by their places in {@code all}. */
  void save(DataOutput out, List<Interval> all) throws IOException {
    out.writeInt(intervals.size());
    for (Interval interval : intervals) {
      out.writeInt(all.indexOf(interval));
    }
    out.writeInt(from);
    out.writeInt(to);
    out.writeLong(firstJob);
    for (int each : rollouts) {
      out.writeInt(each);
    }
    out.writeInt(done);
    out.writeLong(sampledTokens);
    out.writeBoolean(branched);
  }

  /** What {@link #save} wrote. */
  static Pass restored(Workload work, List<Interval> all, DataInput in) throws IOException {
    List<Interval> some = new ArrayList<>();
    int count = Doubles.length(in, all.size());
    for (int i = 0; i < count; i++) {
      some.add(all.get(in.readInt()));
    }
    int from = in.readInt();
    int to = in.readInt();
    long firstJob = in.readLong();
    int[] rollouts = new int[some.stream().mapToInt(each -> each.nodes().count()).sum()];
    for (int node = 0; node < rollouts.length; node++) {
      rollouts[node] = in.readInt();
    }
    Pass pass = new Pass(work, some, from, to, firstJob, rollouts);
    pass.done = in.readInt();
    pass.sampledTokens = in.readLong();
    pass.branched = in.readBoolean();
    return pass;
  }
}
