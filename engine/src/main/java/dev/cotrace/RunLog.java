package dev.cotrace;

import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.RunListener;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What a run tells while it goes on: log.txt, rollouts.jsonl, and its listener. */
final class RunLog implements RunListener, AutoCloseable {
  private final DiscoveryListener listener;
  private final ProgressReporter progress;
  private final RolloutLog rollouts;
  private final RunDirectory directory;
  private final Experiment experiment;
  private final LineFile text;
  private final Instant started = Instant.now();

  /** Opens the files of {@code directory}. */
  RunLog(RunDirectory directory, Experiment experiment, DiscoveryListener listener)
      throws IOException {
    this.listener = listener;
    this.directory = directory;
    this.experiment = experiment;
    progress = new ProgressReporter(listener);
    text = directory.lines("log.txt");
    rollouts = new RolloutLog(directory, experiment);
    listener.writingTo(directory);
  }

  /** Keeps what the run was told and what it ran on, and says how it is laid out. */
  void begin(RunPlan plan) throws IOException {
    directory.write("spec.yaml", SpecYaml.text(experiment.spec().located()));
    directory.write("provenance.json", Provenance.of(experiment, plan).json());
    say(plan.line());
  }

  /** Seconds since the run began, loading not counted. */
  double seconds() {
    return Duration.between(started, Instant.now()).toMillis() / 1000.0;
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
