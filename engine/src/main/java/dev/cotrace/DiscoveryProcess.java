package dev.cotrace;

import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.Runner;
import dev.cotrace.attribution.Shard;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A process that does a discovery, or a shard of it, and can be broken off and gone on with. */
final class DiscoveryProcess {
  private DiscoveryProcess() {}

  /** What a process does once all is loaded. */
  interface Work<T> {
    T of(DiscoveryCourse course, Layout layout, Runner runner) throws IOException;
  }

  /**
   * Begins.
   *
   * @param shard of the run, if it is not all of it: its checkpoint is then what is left at the end
   * @param layout of the work; null for the fastest that fits
   * @param every how long from one checkpoint to the next
   * @param runners who works on the jobs
   */
  static <T> T begin(
      DiscoverySpec spec,
      @Nullable Shard shard,
      @Nullable Layout layout,
      DiscoveryListener listener,
      Duration every,
      Runners runners,
      Work<T> work)
      throws IOException {
    Discovery.check(spec);
    try (RunDirectory directory = RunDirectory.create(RunNames.directory(spec));
        Experiment experiment = Experiment.open(spec, listener)) {
      RunPlan plan = Discovery.plan(experiment);
      plan = layout == null ? plan : plan.with(layout);
      if (shard != null) {
        shard.require(experiment.workload());
      }
      T result;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        if (shard != null) {
          ShardFile.write(directory, shard);
        }
        log.begin(plan);
        try (RunCheckpoint checkpoint = RunCheckpoint.begin(directory, log, every)) {
          DiscoveryCourse course = new DiscoveryCourse(directory, experiment, log);
          result = saving(course, plan.memory().layout(), checkpoint, runners, work);
        }
      }
      finish(directory, shard);
      return result;
    }
  }

  /**
   * Goes on.
   *
   * @throws IllegalArgumentException as {@link Discovery#resume}
   */
  static <T> T resume(
      Path run, DiscoveryListener listener, Duration every, Runners runners, Work<T> work)
      throws IOException {
    try (RunDirectory directory = RunDirectory.resume(run)) {
      Path files = directory.incomplete();
      @Nullable Shard shard = ShardFile.read(files);
      CheckpointState state = RunCheckpoint.state(directory);
      DiscoverySpec spec = SpecYaml.read(files.resolve("spec.yaml"), Map.of());
      JsonNode provenance = StoredRun.json(files.resolve("provenance.json"));
      T result;
      try (Experiment experiment = Experiment.open(spec, listener)) {
        Provenance.requireSame(files, provenance, experiment);
        try (RunLog log = new RunLog(directory, experiment, listener, state.header());
            RunCheckpoint checkpoint = RunCheckpoint.resume(directory, log, state, every)) {
          DiscoveryCourse course = new DiscoveryCourse(directory, experiment, log);
          result =
              saving(course, RunPlan.layout(provenance.path("memory")), checkpoint, runners, work);
        }
      }
      finish(directory, shard);
      return result;
    }
  }

  private static void finish(RunDirectory directory, @Nullable Shard shard) throws IOException {
    directory.finish();
    // Not before: until it has its name, the run can be gone on with.
    if (shard == null) {
      directory.remove(RunCheckpoint.FOLDER);
    }
  }

  /** What is done until an early end, or the end, is saved; not what cannot be written. */
  private static <T> T saving(
      DiscoveryCourse course,
      Layout layout,
      RunCheckpoint checkpoint,
      Runners runners,
      Work<T> work) {
    try {
      Runner runner = runners.of(course.log(), checkpoint, course.work(layout));
      T result = work.of(course, layout, runner);
      checkpoint.save();
      return result;
    } catch (CancellationException e) {
      checkpoint.save();
      throw e;
    } catch (ClosedByInterruptException e) { // A signal came while files were being written.
      checkpoint.save();
      throw (CancellationException) new CancellationException("stopped").initCause(e);
    } catch (IOException e) {
      throw brokenOff(course, e.getMessage(), e);
    } catch (UncheckedIOException e) {
      throw brokenOff(course, Objects.requireNonNull(e.getCause()).getMessage(), e);
    }
  }

  private static IllegalArgumentException brokenOff(
      DiscoveryCourse course, @Nullable String reason, Exception e) {
    return new IllegalArgumentException(
        "the run was broken off (%s); mend that and go on with cotrace discover --resume %s"
            .formatted(reason, course.path()),
        e);
  }
}
