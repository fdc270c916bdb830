package dev.cotrace;

import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.Reference;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.gate.Corruption;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import tools.jackson.databind.JsonNode;

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
    spec.references().require(spec.attribution(), spec.objective(), spec.sampling().maxNewTokens());
    try (RunDirectory directory = RunDirectory.create(RunNames.directory(spec));
        Experiment experiment = Experiment.open(spec, listener)) {
      requireSentences(spec, experiment);
      RunPlan plan = plan(experiment);
      DiscoveryResult result;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        log.begin(plan);
        String run = Provenance.run(directory.incomplete());
        try (RunCheckpoint checkpoint = RunCheckpoint.begin(directory, log, run, every)) {
          Layout layout = plan.memory().layout();
          result = new DiscoveryCourse(directory, experiment, log).run(layout, checkpoint);
        }
      }
      directory.finish();
      return result;
    }
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
    try (RunDirectory directory = RunDirectory.resume(run)) {
      CheckpointState state = RunCheckpoint.state(directory);
      Path files = directory.incomplete();
      DiscoverySpec spec = SpecYaml.read(files.resolve("spec.yaml"), Map.of());
      JsonNode provenance = StoredRun.json(files.resolve("provenance.json"));
      DiscoveryResult result;
      try (Experiment experiment = Experiment.open(spec, listener)) {
        Provenance.requireSame(files, provenance, experiment);
        try (RunLog log = new RunLog(directory, experiment, listener, state.header());
            RunCheckpoint checkpoint = RunCheckpoint.resume(directory, log, state, every)) {
          Layout layout = RunPlan.layout(provenance.path("memory"));
          result = new DiscoveryCourse(directory, experiment, log).run(layout, checkpoint);
        }
      }
      directory.finish();
      return result;
    }
  }

  /**
   * What {@link #run} would do and take; nothing is sampled.
   *
   * @throws IllegalArgumentException as {@link #run}
   */
  public static RunPlan plan(DiscoverySpec spec, DiscoveryListener listener) throws IOException {
    spec.references().require(spec.attribution(), spec.objective(), spec.sampling().maxNewTokens());
    try (Experiment experiment = Experiment.open(spec, listener)) {
      requireSentences(spec, experiment);
      return plan(experiment);
    }
  }

  private static RunPlan plan(Experiment experiment) {
    boolean gradient = experiment.spec().attribution().method().isGradient();
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
