package dev.cotrace.attribution;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Adds up gradients over gates by a fixed or an adaptive rule, in rounds. */
final class Integral implements Kept {
  private final Workload work;
  private final Runner runner;
  private final List<Interval> intervals = new ArrayList<>();
  private int rounds;
  private long nextJob;
  private int points;
  private long sampledTokens;
  private boolean branched;
  private @Nullable Pass pass; // under way

  Integral(Workload work, Runner runner) {
    this.work = work;
    this.runner = runner;
  }

  /**
   * Σφ − (J(1) − J(0)) with its error over the same prompts; none when expectations are exact: how
   * the quadrature's error differs between prompts is no excuse for it. NaN where the method's
   * scores need not add up to it.
   *
   * @param difference J(1) − J(0) by cluster
   */
  Estimate gap(AttributionSum sum, Clusters clusters, double[] difference) {
    if (!work.settings().method().addsUp()) {
      return new Estimate(Double.NaN, Double.NaN);
    }
    double[] gap = sum.totalOverEdges(clusters);
    for (int cluster = 0; cluster < gap.length; cluster++) {
      gap[cluster] -= difference[cluster];
    }
    Estimate mean = clusters.mean(gap);
    return work.exact() ? Estimate.exact(mean.value()) : mean;
  }

  /** Number of gate values so far. */
  int points() {
    return points;
  }

  /** Number of rounds so far. */
  int rounds() {
    return rounds;
  }

  /** Number of tokens sampled so far. */
  long sampledTokens() {
    return sampledTokens;
  }

  /** Whether any job had more rollouts than it was asked for: a tree has branched. */
  boolean branched() {
    return branched;
  }

  /** The gate values that the rule came to, whatever was held there. */
  Nodes nodes() {
    return Nodes.together(intervals.stream().map(interval -> interval.nodes().ofGates()).toList());
  }

  /** The integral over all rounds so far. */
  AttributionSum sum() {
    AttributionSum sum = Interval.emptySum(work);
    intervals.forEach(interval -> sum.add(interval.sum()));
    return sum;
  }

  /**
   * Makes rounds until there are {@code wanted}. The adaptive rule then halves the interval with
   * the largest error estimate of its nested Gauss–Kronrod rules while that error, or the
   * completeness gap, exceeds the sampling error and the budget of points allows; the halves are
   * given all rounds. As rounds lessen the sampling error, it may have to halve again.
   *
   * @param difference J(1) − J(0) by cluster after {@code wanted} rounds
   */
  void extend(int wanted, double[] difference) {
    if (pass != null) { // An earlier process has begun it.
      complete(pass);
    }
    if (intervals.isEmpty()) {
      intervals.add(interval(0, 1));
    }
    if (rounds < wanted) {
      add(intervals, rounds, wanted);
    }
    boolean adaptive = work.settings().quadrature() == Quadrature.ADAPTIVE;
    while (adaptive && points + 2 * GaussKronrod.NODES.length <= work.settings().points()) {
      Interval worst =
          intervals.stream().max(Comparator.comparingDouble(this::quadratureError)).orElseThrow();
      if (!needsHalving(quadratureError(worst), work.clusters(rounds), difference)) {
        return;
      }
      double middle = (worst.from() + worst.to()) / 2;
      List<Interval> halves = List.of(interval(worst.from(), middle), interval(middle, worst.to()));
      intervals.remove(worst);
      intervals.addAll(halves);
      add(halves, 0, rounds);
    }
  }

  private Interval interval(double from, double to) {
    Interval interval = Interval.empty(work, from, to);
    points += interval.nodes().count();
    return interval;
  }

  private boolean needsHalving(double worst, Clusters clusters, double[] difference) {
    AttributionSum sum = sum();
    Scores total = sum.total(clusters);
    double rounding = rounding() * norm(total.values());
    Estimate gap = gap(sum, clusters, difference);
    double gapError = Double.isNaN(gap.standardError()) ? 0 : gap.standardError();
    // The gap is a sum over edges whose noise may cancel: it has an error of its own.
    return worst > Math.max(norm(noise(total)), rounding)
        || Math.abs(gap.value()) > 2 * Math.max(gapError, rounding);
  }

  /**
   * With exact expectations there is no sampling error to stop at: stop at this share of the
   * scores' norm, which the precision of the model can reach.
   */
  private double rounding() {
    return switch (work.model().placement().precision()) {
      case FLOAT64 -> 1e-7;
      case FLOAT32 -> 1e-5;
      case BFLOAT16 -> 1e-2;
    };
  }

  /** Norm over edges of fine less coarse rule, less what sampling noise contributes to it. */
  private double quadratureError(Interval interval) {
    Scores refinement = interval.sum().refinement(work.clusters(rounds));
    double square = 0;
    double[] noise = noise(refinement);
    for (int cell = 0; cell < noise.length; cell++) {
      double value = refinement.values()[cell];
      square += value * value - noise[cell] * noise[cell];
    }
    return Math.sqrt(Math.max(0, square));
  }

  /** Standard errors that come from sampling; none when expectations are exact. */
  private double[] noise(Scores scores) {
    return work.exact() ? new double[scores.values().length] : scores.standardErrors();
  }

  private static double norm(double[] values) {
    double square = 0;
    for (double value : values) {
      square += value * value;
    }
    return Math.sqrt(square);
  }

  /** Adds the gradients of all prompts at all nodes of {@code some} in some rounds. */
  private void add(List<Interval> some, int from, int to) {
    int nodes = some.stream().mapToInt(interval -> interval.nodes().count()).sum();
    int jobs = work.task().pairs().size() * (to - from) * nodes;
    pass = new Pass(work, List.copyOf(some), from, to, nextJob, rollouts(some, nodes));
    nextJob += jobs;
    rounds = to;
    complete(pass);
  }

  private void complete(Pass underWay) {
    List<Job> jobs = underWay.jobs();
    runner
        .listener()
        .planned("gradients at %d gate values".formatted(underWay.points()), jobs.size());
    runner.gradients(work, jobs, Drawing.OWN, underWay);
    sampledTokens += underWay.sampledTokens();
    branched |= underWay.branched();
    pass = null;
  }

  private int[] rollouts(List<Interval> some, int nodes) {
    int each = work.rolloutsPerJob();
    if (work.settings().allot() == Settings.Allotment.VARIANCE && !work.exact()) {
      Allotment allotment = Allotment.together(some.stream().map(Interval::allotment).toList());
      return allotment.rollouts(each, work.settings().fewestRollouts(), work.mostRollouts());
    }
    int[] equal = new int[nodes];
    Arrays.fill(equal, each);
    return equal;
  }

  @Override
  public void save(DataOutput out) throws IOException {
    out.writeInt(rounds);
    out.writeLong(nextJob);
    out.writeInt(points);
    out.writeLong(sampledTokens);
    out.writeBoolean(branched);
    out.writeInt(intervals.size());
    for (Interval interval : intervals) {
      interval.save(out);
    }
    out.writeBoolean(pass != null);
    if (pass != null) {
      pass.save(out, intervals);
    }
  }

  @Override
  public void restore(DataInput in) throws IOException {
    rounds = in.readInt();
    nextJob = in.readLong();
    points = in.readInt();
    sampledTokens = in.readLong();
    branched = in.readBoolean();
    intervals.clear();
    int count = Doubles.length(in, work.settings().points());
    for (int i = 0; i < count; i++) {
      intervals.add(Interval.restored(work, in));
    }
    pass = in.readBoolean() ? Pass.restored(work, intervals, in) : null;
  }

  @Override
  public void add(DataInput in) throws IOException {
    Integral other = new Integral(work, runner);
    other.restore(in);
    if (other.pass != null) {
      throw new IOException("a process that shares the jobs has not done all of its own");
    }
    if (intervals.isEmpty()) {
      other.intervals.forEach(
          interval -> intervals.add(Interval.empty(work, interval.from(), interval.to())));
    }
    for (int i = 0; i < intervals.size(); i++) {
      intervals.get(i).sum().add(other.intervals.get(i).sum());
    }
    rounds = other.rounds;
    nextJob = other.nextJob;
    points = other.points;
    sampledTokens += other.sampledTokens;
    branched |= other.branched;
  }
}
