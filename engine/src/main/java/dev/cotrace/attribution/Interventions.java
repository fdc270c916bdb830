package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What real interventions do: J(1) less J where some edges are corrupted, both sampled with the
 * same random numbers, so that the difference has less noise than either.
 */
final class Interventions {
  private final Workload work;
  private final Evaluation ends;
  private final JobRunner runner;
  private final Expectation expectation;
  private final Map<Unit, Sample> drawn = new HashMap<>();
  private final List<Job> jobs = new ArrayList<>();
  private final Clusters clusters;

  private record Unit(int prompt, int repeat) {
    static Unit of(Job job) {
      return new Unit(job.prompt(), job.repeat());
    }
  }

  /**
   * Sums over units, by cluster.
   *
   * @param total J(1) − J
   * @param direct the part at fixed tokens: F of the clean model's rollouts, less F of the same
   *     rollouts where the edges are corrupted
   */
  record Effect(double[] total, double[] direct) {}

  /**
   * Interventions on the model of {@code work}.
   *
   * @param ends J(1), with its rollouts
   */
  Interventions(Workload work, Evaluation ends, RunListener listener) {
    this.work = work.byGates().withoutBins();
    this.ends = ends;
    runner = new JobRunner(this.work, listener);
    expectation = new Expectation(this.work, runner);
    clusters = this.work.clusters(ends.rounds());
    for (Evaluation.Drawn group : ends.drawn()) {
      drawn.put(
          new Unit(group.prompt(), group.repeat()),
          new Sample(group.rollouts(), Weighting.FIXED, 0));
    }
    for (int prompt = 0; prompt < work.task().pairs().size(); prompt++) {
      for (int repeat = 0; repeat < ends.rounds(); repeat++) {
        jobs.add(new Job(jobs.size(), prompt, repeat, 1, work.rolloutsPerJob()));
      }
    }
  }

  /** Which units belong together. */
  Clusters clusters() {
    return clusters;
  }

  /** Jobs of one intervention. */
  int jobCount() {
    return jobs.size() * (hasWords() && !work.objective().readsTextOnly() ? 2 : 1);
  }

  /** Tokens sampled so far. */
  long sampledTokens() {
    return runner.sampledTokens();
  }

  /** What corrupting all edges that are not in {@code kept} takes from J. */
  Effect of(Circuit kept) {
    double[] sampled = new double[clusters.count()];
    for (double[] round : expectation.in(kept, ends.rounds())) {
      Arrays.setAll(sampled, cluster -> sampled[cluster] + round[cluster]);
    }
    double[] clean = ends.cleanSums();
    double[] total = less(clean, sampled);
    return new Effect(total, hasWords() ? less(clean, atFixedTokens(kept)) : total);
  }

  private boolean hasWords() {
    return work.task().sampling().maxNewTokens() > 0;
  }

  /** F of the clean model's rollouts in {@code kept}: itself where only the text is read. */
  private double[] atFixedTokens(Circuit kept) {
    if (work.objective().readsTextOnly()) {
      return ends.cleanSums();
    }
    double[] sums = new double[clusters.count()];
    for (JobResult result : runner.measureDrawn(jobs, this::drawn, kept)) {
      Job job = result.job();
      sums[clusters.of(job.prompt(), job.repeat())] += result.value();
    }
    return sums;
  }

  private Sample drawn(Job job) {
    Sample sample = drawn.get(Unit.of(job));
    if (sample == null) {
      throw new IllegalStateException("nothing was drawn for " + job);
    }
    return sample;
  }

  private static double[] less(double[] a, double[] b) {
    double[] difference = new double[b.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return difference;
  }
}
