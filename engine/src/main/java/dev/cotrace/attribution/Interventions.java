package dev.cotrace.attribution;

import static dev.cotrace.attribution.Worth.less;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What real interventions do: rollouts where some edges are corrupted, sampled with the random
 * numbers of J(1), so that differences from it have less noise than either, and the clean model's
 * own rollouts with the same edges corrupted.
 */
final class Interventions {
  private final Workload work;
  private final Evaluation ends;
  private final Runner runner;
  private long sampledTokens;
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
   * What an intervention takes away: sums over units, by cluster.
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
  Interventions(Workload work, Evaluation ends, Runner runner) {
    this.work = work.byGates().withoutBins();
    this.ends = ends;
    this.runner = runner;
    expectation = new Expectation(this.work, runner);
    clusters = ends.clusters();
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

  /** Whether edges have an effect at fixed tokens that differs from their effect in all. */
  boolean hasFixedTokens() {
    return hasWords() && !work.objective().readsTextOnly();
  }

  /** Jobs of one intervention. */
  int jobCount() {
    return jobs.size() * (hasFixedTokens() ? 2 : 1);
  }

  /** Tokens sampled so far. */
  long sampledTokens() {
    return sampledTokens;
  }

  /** What corrupting all edges that are not in {@code kept} takes from J. */
  Effect of(Circuit kept) {
    double[] clean = ends.cleanSums();
    double[] total = less(clean, Tally.of(clusters, sampled(kept)).value());
    if (!hasWords()) {
      return new Effect(total, total);
    }
    // Where only the text is read, the same text is worth the same.
    double[] fixed =
        work.objective().readsTextOnly() ? clean : Tally.of(clusters, atFixedTokens(kept)).value();
    return new Effect(total, less(clean, fixed));
  }

  /** Rollouts sampled where all edges that are not in {@code kept} are corrupted. */
  List<JobResult> sampled(Circuit kept) {
    List<JobResult> results =
        kept.isWhole()
            ? expectation.results(1, 0, ends.rounds())
            : expectation.results(kept, ends.rounds());
    sampledTokens += results.stream().mapToLong(JobResult::tokens).sum();
    return results;
  }

  /** The clean model's rollouts where all edges that are not in {@code kept} are corrupted. */
  List<JobResult> atFixedTokens(Circuit kept) {
    return runner.measure(work, jobs, new Drawing.Given("fixed", this::drawn, kept));
  }

  private boolean hasWords() {
    return work.task().sampling().maxNewTokens() > 0;
  }

  private Sample drawn(Job job) {
    Sample sample = drawn.get(Unit.of(job));
    if (sample == null) {
      throw new IllegalStateException("nothing was drawn for " + job);
    }
    return sample;
  }
}
