package dev.cotrace;

import dev.cotrace.attribution.Checkpoint;
import dev.cotrace.attribution.Job;
import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.Kept;
import dev.cotrace.attribution.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoint of a run in its directory: every result that needs no gradient in {@code
 * checkpoint/results}, as it comes, and from time to time all that has been added up in {@code
 * checkpoint/state}. The state says how much of the results, and of {@code rollouts.jsonl}, there
 * was when it was written: what came later is cut off when the run goes on, and done again.
 */
final class RunCheckpoint implements Checkpoint, AutoCloseable {
  /** The folder in the run's directory. */
  static final String FOLDER = "checkpoint";

  /** How long from one save to the next: as much is lost at most. */
  static final Duration EVERY = Duration.ofMinutes(1);

  static final String STATE = FOLDER + "/state";
  static final String RESULTS = FOLDER + "/results";

  /** Saving takes at most this share of the time. */
  private static final double SHARE = 0.05;

  private final RunDirectory directory;
  private final RunLog log;
  private final String run;
  private final Duration every;
  private final @Nullable CheckpointState earlier;
  private final CheckpointResults known = new CheckpointResults();
  private final GrowingFile results;
  private final Map<String, Kept> parts = new LinkedHashMap<>();
  private long savedAt = System.nanoTime();
  private long saveTook;

  private RunCheckpoint(
      RunDirectory directory,
      RunLog log,
      String run,
      Duration every,
      @Nullable CheckpointState earlier)
      throws IOException {
    this.directory = directory;
    this.log = log;
    this.run = run;
    this.every = every;
    this.earlier = earlier;
    Path file = directory.incomplete().resolve(RESULTS);
    if (earlier == null) {
      Files.createDirectory(directory.incomplete().resolve(FOLDER));
      results = GrowingFile.create(file);
    } else {
      FilePrefix prefix = earlier.header().results();
      results = GrowingFile.resume(file, prefix);
      known.read(file, prefix.length());
    }
  }

  /**
   * The checkpoint of a run that begins.
   *
   * @param every how long from one save to the next
   */
  static RunCheckpoint begin(RunDirectory directory, RunLog log, Duration every)
      throws IOException {
    String run = Provenance.run(directory.incomplete());
    RunCheckpoint checkpoint = new RunCheckpoint(directory, log, run, every, null);
    checkpoint.write();
    return checkpoint;
  }

  /**
   * The state of a run that was broken off.
   *
   * @throws IllegalArgumentException when there is none, or one that is torn or of another run
   */
  static CheckpointState state(RunDirectory directory) throws IOException {
    Path file = directory.incomplete().resolve(STATE);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "%s has no checkpoint to go on from; remove it and start the run again"
              .formatted(directory.incomplete()));
    }
    return CheckpointState.read(file, Provenance.run(directory.incomplete()));
  }

  /** The checkpoint of a run that goes on from {@code state}. */
  static RunCheckpoint resume(
      RunDirectory directory, RunLog log, CheckpointState state, Duration every)
      throws IOException {
    return new RunCheckpoint(directory, log, state.header().run(), every, state);
  }

  @Override
  public @Nullable JobResult known(Workload work, String drawing, Job job) {
    return known.find(work, drawing, job);
  }

  @Override
  public void add(String drawing, JobResult result) {
    try {
      results.add(CheckpointResults.record(drawing, result));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void keep(String name, Kept part) {
    parts.put(name, part);
    try {
      if (earlier != null) {
        earlier.restore(name, part);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void settled() {
    long since = System.nanoTime() - savedAt;
    if (since >= every.toNanos() && since * SHARE >= saveTook) {
      save();
    }
  }

  /**
   * Makes all that was done until now durable; nothing before all that an earlier process left has
   * been taken up.
   */
  void save() {
    if (earlier != null && !parts.keySet().containsAll(earlier.offsets().keySet())) {
      return;
    }
    long began = System.nanoTime();
    try {
      if (write().results().length() > 0) {
        directory.keep();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    savedAt = System.nanoTime();
    saveTook = savedAt - began;
  }

  private CheckpointState.Header write() throws IOException {
    CheckpointState.Header now =
        new CheckpointState.Header(run, results.sync(), log.sync(), log.seconds());
    directory.write(STATE, file -> CheckpointState.write(file, now, parts));
    return now;
  }

  @Override
  public void close() throws IOException {
    results.close();
  }
}
