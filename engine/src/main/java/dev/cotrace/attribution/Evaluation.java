package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.rollout.Rollout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What circuits are worth when one really samples from them: chains of thought are drawn from H_C,
 * with the circuit's edges clean and all others corrupted (METHOD §8).
 */
public final class Evaluation {
  private final Workload work;
  private final Runner runner;
  private final Expectation expectation;
  private final boolean keeps;
  private long sampledTokens;
  private final List<Drawn> kept = new ArrayList<>();
  private final List<double[]> corrupted = new ArrayList<>(); // by round: J(0), sums by cluster
  private final List<double[]> clean = new ArrayList<>();

  /** Samples from the clean and the corrupted model, against which circuits are measured. */
  public Evaluation(Workload work, RunListener listener) {
    this(work, listener, /* keeps= */ false);
  }

  /**
   * Samples from the clean and the corrupted model.
   *
   * @param keeps whether the clean model's rollouts are kept, for references
   * @throws IllegalArgumentException when sums by bin would not fit into Java's heap
   */
  public Evaluation(Workload work, RunListener listener, boolean keeps) {
    this(work, new LocalRunner(listener), keeps);
  }

  /** As {@link #Evaluation(Workload, RunListener, boolean)} on {@code runner}. */
  public Evaluation(Workload work, Runner runner, boolean keeps) {
    this.work = work.byGates();
    this.runner = runner;
    this.keeps = keeps;
    HeapEstimate.of(this.work).require(this.work.layout());
    expectation = new Expectation(this.work, runner);
    extend(work.repeats());
  }

  /** Samples more, up to {@code rounds} rounds in all. */
  void extend(int rounds) {
    int from = clean.size();
    if (rounds > from) {
      runner.listener().planned("J(0) and J(1)", 2 * expectation.jobCount(rounds - from));
      List<JobResult> closed = counted(expectation.results(0, from, rounds));
      corrupted.addAll(expectation.sums(closed, from, rounds));
      List<JobResult> results = counted(expectation.results(1, from, rounds));
      clean.addAll(expectation.sums(results, from, rounds));
      if (keeps) {
        results.forEach(result -> kept.add(new Drawn(result)));
      }
    }
  }

  /**
   * The clean model's rollouts of one prompt in one round.
   *
   * @param values F of each rollout
   * @param weights of each rollout in the expectation
   */
  record Drawn(int prompt, int repeat, List<Rollout> rollouts, double[] values, double[] weights) {
    private Drawn(JobResult result) {
      this(
          result.job().prompt(),
          result.job().repeat(),
          result.rollouts(),
          result.values(),
          result.weights());
    }
  }

  /** The clean model's rollouts of all rounds. */
  List<Drawn> drawn() {
    if (!keeps) {
      throw new IllegalStateException("the clean model's rollouts were not kept");
    }
    return kept;
  }

  /** J(0). */
  public Estimate corrupted() {
    return clusters().mean(sum(corrupted));
  }

  /** J(1). */
  public Estimate clean() {
    return clusters().mean(sum(clean));
  }

  /** J(1) and J(0) with their difference over the same prompts. */
  public Ends both() {
    return new Ends(clean(), corrupted(), clusters().mean(difference(rounds())));
  }

  /** Rounds so far. */
  int rounds() {
    return clean.size();
  }

  /** J(1) of all rounds, by cluster. */
  double[] cleanSums() {
    return sum(clean);
  }

  /** J(1) − J(0) of the first {@code rounds} rounds, by cluster. */
  double[] difference(int rounds) {
    return Worth.less(sum(clean.subList(0, rounds)), sum(corrupted.subList(0, rounds)));
  }

  /** Number of tokens sampled for J(0) and J(1) so far. */
  long sampledTokens() {
    return sampledTokens;
  }

  private List<JobResult> counted(List<JobResult> results) {
    sampledTokens += results.stream().mapToLong(JobResult::tokens).sum();
    return results;
  }

  /** Works on its jobs. */
  Runner runner() {
    return runner;
  }

  /** Samples from {@code circuit}. */
  public Faithfulness of(Circuit circuit) {
    return worth(circuit).faithfulness();
  }

  /** As {@link #of}, to be compared with other circuits. */
  public Worth worth(Circuit circuit) {
    if (circuit.isWhole()) {
      return worth(circuit, sum(clean));
    }
    int rounds = clean.size();
    runner
        .listener()
        .planned(
            "circuit of " + circuit.units().counted(circuit.size()), expectation.jobCount(rounds));
    return worth(circuit, Tally.of(clusters(), expectation.results(circuit, rounds)).value());
  }

  /**
   * The worth of a circuit.
   *
   * @param sums J(C) by cluster
   */
  Worth worth(Circuit circuit, double[] sums) {
    return new Worth(clusters(), circuit.size(), sums, sum(corrupted), sum(clean));
  }

  /** Which units belong together. */
  Clusters clusters() {
    return work.clusters(clean.size());
  }

  private double[] sum(List<double[]> rounds) {
    double[] sum = new double[work.clusters(rounds.size()).count()];
    for (double[] round : rounds) {
      Arrays.setAll(sum, cluster -> sum[cluster] + round[cluster]);
    }
    return sum;
  }
}
