package dev.cotrace;

import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.Reference;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.gate.Corruption;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/** The main job: from a specification to a circuit and a run directory. */
public final class Discovery {
  private Discovery() {}

  /**
   * Runs {@code spec}.
   *
   * @throws IllegalArgumentException when the specification, the task or the model cannot be used;
   *     nothing is left behind then
   * @throws CancellationException when {@code listener} asks for an early end, or this thread is
   *     interrupted; the run can be gone on with ({@link #resume})
   */
  public static DiscoveryResult run(DiscoverySpec spec, DiscoveryListener listener)
      throws IOException {
    return run(spec, listener, RunCheckpoint.EVERY);
  }

  /** As {@link #run(DiscoverySpec, DiscoveryListener)}, saving as often as {@code every}. */
  public static DiscoveryResult run(DiscoverySpec spec, DiscoveryListener listener, Duration every)
      throws IOException {
    return run(spec, listener, every, Runners.LOCAL);
  }

  /** As {@link #run(DiscoverySpec, DiscoveryListener, Duration)} with jobs done by others. */
  public static DiscoveryResult run(
      DiscoverySpec spec, DiscoveryListener listener, Duration every, Runners runners)
      throws IOException {
    return DiscoveryProcess.begin(spec, null, null, listener, every, runners, DiscoveryCourse::run);
  }

  /**
   * Goes on with a run that was broken off, however it was: the scores are those of a run that was
   * not, to the last bit on the same machine.
   *
   * @param run the directory, with or without {@link RunDirectory#INCOMPLETE}
   * @throws IllegalArgumentException when there is none, when it goes on in another process, when
   *     its checkpoint is torn or of another run, or when the model or the task has changed
   * @throws CancellationException as {@link #run(DiscoverySpec, DiscoveryListener)}
   */
  public static DiscoveryResult resume(Path run, DiscoveryListener listener, Duration every)
      throws IOException {
    return resume(run, listener, every, Runners.LOCAL);
  }

  /** As {@link #resume(Path, DiscoveryListener, Duration)} with jobs done by others. */
  public static DiscoveryResult resume(
      Path run, DiscoveryListener listener, Duration every, Runners runners) throws IOException {
    return DiscoveryProcess.resume(run, listener, every, runners, DiscoveryCourse::run);
  }

  /**
   * What {@link #run} would do and take; nothing is sampled.
   *
   * @throws IllegalArgumentException as {@link #run}
   */
  public static RunPlan plan(DiscoverySpec spec, DiscoveryListener listener) throws IOException {
    check(spec);
    try (Experiment experiment = Experiment.open(spec, listener)) {
      return plan(experiment);
    }
  }

  /** Refuses what can be refused before anything is loaded. */
  static void check(DiscoverySpec spec) {
    spec.references().require(spec.attribution(), spec.objective(), spec.sampling().maxNewTokens());
  }

  /**
   * What a run of {@code experiment} would do and take.
   *
   * @throws IllegalArgumentException when it cannot be run
   */
  static RunPlan plan(Experiment experiment) {
    DiscoverySpec spec = experiment.spec();
    requireSentences(spec, experiment);
    boolean gradient = spec.attribution().method().isGradient();
    return new RunPlan(
        experiment.memory(gradient ? MemoryPlan.Purpose.DISCOVERY : MemoryPlan.Purpose.EVALUATION),
        WorkEstimate.of(experiment.workload()));
  }

  private static void requireSentences(DiscoverySpec spec, Experiment experiment) {
    if (!spec.references().has(Reference.SENTENCES)) {
      return;
    }
    if (experiment.text().codec() == null) {
      throw new IllegalArgumentException(
          "--reference sentences reads text, but the model has no tokenizer: leave it out");
    }
    if (experiment.task().sampling().corruption() instanceof Corruption.Resample) {
      throw new IllegalArgumentException(
          "--reference sentences continues chains of thought, which have no beginning that --corruption resample could pair them with: leave one out");
    }
  }
}
