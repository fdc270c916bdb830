package dev.cotrace;

import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.RunListener;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** What a run tells while it goes on: log.txt, rollouts.jsonl, and its listener. */
final class RunLog implements RunListener, AutoCloseable {
  private static final String NAME = "log.txt";

  private final DiscoveryListener listener;
  private final ProgressReporter progress;
  private final RolloutLog rollouts;
  private final RunDirectory directory;
  private final Experiment experiment;
  private final GrowingFile text;
  private final double secondsBefore;
  private final Instant started = Instant.now();

  private RunLog(
      RunDirectory directory,
      Experiment experiment,
      DiscoveryListener listener,
      GrowingFile text,
      RolloutLog rollouts,
      double secondsBefore) {
    this.listener = listener;
    this.directory = directory;
    this.experiment = experiment;
    this.text = text;
    this.rollouts = rollouts;
    this.secondsBefore = secondsBefore;
    progress = new ProgressReporter(listener);
    listener.writingTo(directory);
  }

  /** Opens the files of a run that begins in {@code directory}. */
  RunLog(RunDirectory directory, Experiment experiment, DiscoveryListener listener)
      throws IOException {
    this(
        directory,
        experiment,
        listener,
        GrowingFile.create(directory.incomplete().resolve(NAME)),
        RolloutLog.begin(directory, experiment),
        0);
  }

  /** Opens the files of a run that goes on from {@code header}. */
  RunLog(
      RunDirectory directory,
      Experiment experiment,
      DiscoveryListener listener,
      CheckpointState.Header header)
      throws IOException {
    this(
        directory,
        experiment,
        listener,
        GrowingFile.append(directory.incomplete().resolve(NAME)),
        RolloutLog.resume(directory, experiment, header.rollouts()),
        header.seconds());
    say("going on after %.0f s".formatted(secondsBefore));
  }

  /** Keeps what the run was told and what it ran on, and says how it is laid out. */
  void begin(RunPlan plan) throws IOException {
    directory.write("spec.yaml", SpecYaml.text(experiment.spec().located()));
    directory.write("provenance.json", Provenance.of(experiment, plan).json());
    say(plan.line());
  }

  /** Puts what shards sampled into rollouts.jsonl. */
  void copy(List<StoredShard> shards) throws IOException {
    MergedRollouts.copy(shards, rollouts::add);
  }

  /** Makes rollouts.jsonl durable, and says what is in it. */
  FilePrefix sync() throws IOException {
    return rollouts.sync();
  }

  /** Seconds that the run has taken in all its processes, loading not counted. */
  double seconds() {
    return secondsBefore + Duration.between(started, Instant.now()).toMillis() / 1000.0;
  }

  /** One line for the log and the listener. */
  @Override
  public void say(String line) {
    log(line);
    listener.say(line);
  }

  private void log(String line) {
    text.add(Instant.now().truncatedTo(ChronoUnit.SECONDS) + " " + line);
  }

  @Override
  public void planned(String purpose, int jobs) {
    log("%s: %d rollout groups".formatted(purpose, jobs));
    rollouts.planned(purpose, jobs);
    progress.planned(purpose, jobs);
  }

  @Override
  public void skipped(int jobs) {
    progress.skipped(jobs);
  }

  @Override
  public void done(JobResult result) {
    experiment.tell(this::log);
    rollouts.done(result);
    progress.done(result);
  }

  @Override
  public void again(JobResult result) {
    experiment.tell(this::log);
    progress.again(result);
  }

  @Override
  public void close() throws IOException {
    experiment.tell(this::log);
    rollouts.close();
    text.close();
  }
}
