package dev.cotrace.attribution;

/** Hears how a run goes; called on the running thread. */
public interface RunListener {
  /** Hears nothing. */
  RunListener SILENT = new RunListener() {};

  /** {@code jobs} more jobs are going to be run, for the stated purpose. */
  default void planned(String purpose, int jobs) {}

  /** {@code jobs} of the planned jobs were done by an earlier process. */
  default void skipped(int jobs) {}

  /** A job is done. */
  default void done(JobResult result) {}

  /** A job is done whose rollouts were drawn, and heard of, before. */
  default void again(JobResult result) {}

  /** Something worth a line: how far the run is from its goal, or a warning. */
  default void say(String line) {}
}
