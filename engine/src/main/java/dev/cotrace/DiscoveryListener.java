package dev.cotrace;

import dev.cotrace.circuit.Estimate;
import java.util.SortedMap;

/** Hears how a run goes, and may end it early. Called on the running thread. */
public interface DiscoveryListener {
  /** Hears nothing. */
  DiscoveryListener SILENT = new DiscoveryListener() {};

  /**
   * How far a run is.
   *
   * @param purpose what is being done
   * @param done rollout groups that are done for it
   * @param planned rollout groups in all
   * @param tokens sampled for it so far
   * @param estimates running means of the objective F by what they estimate, for example {@code
   *     J(1)}, with the standard error over groups
   */
  record Progress(
      String purpose,
      long done,
      long planned,
      long tokens,
      SortedMap<String, Estimate> estimates) {}

  /** Something worth a line has happened. */
  default void say(String line) {}

  /** Rollout groups are planned, or one more is done. */
  default void progress(Progress progress) {}

  /** Where the files are that an early end would leave. */
  default void writingTo(RunDirectory directory) {}

  /** Whether to end early: asked between rollout groups. */
  default boolean stopRequested() {
    return false;
  }
}
