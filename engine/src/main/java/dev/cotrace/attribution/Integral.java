package dev.cotrace.attribution;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import dev.cotrace.rollout.Randomness;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Adds up gradients over gates by a fixed or an adaptive rule, in rounds. */
final class Integral {
  /** Steps are not negative: this stream is no draw's. */
  private static final long GATE = -1;

  private final Workload work;
  private final JobRunner runner;
  private final RunListener listener;
  private final Randomness randomness;
  private final List<Interval> intervals = new ArrayList<>();
  private int rounds;
  private long nextJob;
  private int points;
  private boolean branched;

  Integral(Workload work, JobRunner runner, RunListener listener) {
    this.work = work;
    this.runner = runner;
    this.listener = listener;
    randomness = new Randomness(work.settings().seed());
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

  /** Whether any job had more rollouts than it was asked for: a tree has branched. */
  boolean branched() {
    return branched;
  }

  /** The gate values that the rule came to, whatever was held there. */
  Nodes nodes() {
    return Nodes.together(intervals.stream().map(interval -> interval.nodes.ofGates()).toList());
  }

  /** The integral over all rounds so far. */
  AttributionSum sum() {
    AttributionSum sum = empty();
    intervals.forEach(interval -> sum.add(interval.sum));
    return sum;
  }

  /** A piece of [0, 1] with its part of the integral, and how rollouts are dealt out to it. */
  private record Interval(
      double from, double to, Nodes nodes, Allotment allotment, AttributionSum sum) {}

  /**
   * Makes rounds until there are {@code wanted}. The adaptive rule then halves the interval with
   * the largest error estimate of its nested Gauss–Kronrod rules while that error, or the
   * completeness gap, exceeds the sampling error and the budget of points allows; the halves are
   * given all rounds. As rounds lessen the sampling error, it may have to halve again.
   *
   * @param difference J(1) − J(0) by cluster after {@code wanted} rounds
   */
  void extend(int wanted, double[] difference) {
    boolean adaptive = work.settings().quadrature() == Quadrature.ADAPTIVE;
    if (intervals.isEmpty()) {
      Settings settings = work.settings();
      intervals.add(
          interval(
              0,
              1,
              adaptive
                  ? Nodes.gaussKronrod(0, 1)
                  : Nodes.of(settings.quadrature(), settings.points())));
    }
    add(intervals, rounds, wanted);
    rounds = wanted;
    while (adaptive && points + 2 * GaussKronrod.NODES.length <= work.settings().points()) {
      Interval worst =
          intervals.stream().max(Comparator.comparingDouble(this::quadratureError)).orElseThrow();
      if (!needsHalving(quadratureError(worst), work.clusters(rounds), difference)) {
        return;
      }
      double middle = (worst.from + worst.to) / 2;
      List<Interval> halves =
          List.of(
              interval(worst.from, middle, Nodes.gaussKronrod(worst.from, middle)),
              interval(middle, worst.to, Nodes.gaussKronrod(middle, worst.to)));
      intervals.remove(worst);
      intervals.addAll(halves);
      add(halves, 0, rounds);
    }
  }

  private Interval interval(double from, double to, Nodes nodes) {
    Nodes all = nodes.forWriters(work.writers());
    points += all.count();
    int prompts = work.task().pairs().size();
    return new Interval(from, to, all, new Allotment(all.weight(), prompts), empty());
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
    Scores refinement = interval.sum.refinement(work.clusters(rounds));
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

  private AttributionSum empty() {
    return new AttributionSum(work.model().graph().cells(), work.bins().names().size());
  }

  /** Adds the gradients of all prompts at all nodes of some intervals in some rounds. */
  private void add(List<Interval> some, int from, int to) {
    Nodes nodes = Nodes.together(some.stream().map(Interval::nodes).toList());
    List<Job> jobs = jobs(nodes, rollouts(some, nodes.count()), from, to);
    listener.planned("gradients at %d gate values".formatted(nodes.count()), jobs.size());
    Clusters clusters = work.clusters(to);
    long first = jobs.getFirst().index();
    runner.gradients(
        jobs,
        work.scheme(),
        gradient -> {
          Job job = gradient.result().job();
          branched |= gradient.result().rollouts().size() > job.rollouts();
          int node = Math.toIntExact((job.index() - first) % nodes.count());
          int interval = 0;
          for (; node >= some.get(interval).nodes.count(); interval++) {
            node -= some.get(interval).nodes.count();
          }
          add(some.get(interval), node, clusters.of(job.prompt(), job.repeat()), gradient);
        });
  }

  private static void add(Interval interval, int node, int cluster, JobGradient gradient) {
    double weight = interval.nodes.weight()[node];
    double coarse = interval.nodes.coarse()[node];
    interval.sum.add(cluster, weight, coarse, gradient.direct(), gradient.throughCot());
    interval.sum.addByBin(cluster, weight, gradient.byBin());
    interval.allotment.add(node, gradient);
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

  private List<Job> jobs(Nodes nodes, int[] rollouts, int from, int to) {
    List<Job> jobs = new ArrayList<>();
    for (int prompt = 0; prompt < work.task().pairs().size(); prompt++) {
      for (int repeat = from; repeat < to; repeat++) {
        for (int node = 0; node < nodes.count(); node++) {
          double gate = nodes.gate(node, randomness.uniform(nextJob, 0, GATE));
          jobs.add(
              new Job(nextJob++, prompt, repeat, nodes.writer(node), gate, gate, rollouts[node]));
        }
      }
    }
    return jobs;
  }
}
