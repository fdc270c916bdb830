package dev.cotrace.hub;

/** Hears how a pull goes, and may end it early. Called on the pulling thread. */
public interface PullListener {
  /** Hears nothing. */
  PullListener SILENT = new PullListener() {};

  /** Something worth a line has happened. */
  default void say(String line) {}

  /**
   * Bytes of a file have come.
   *
   * @param file its name
   * @param done bytes of it on this machine
   * @param size of it in bytes
   */
  default void progress(String file, long done, long size) {}

  /** Whether to end early: asked between pieces of a file, and while waiting for another pull. */
  default boolean stopRequested() {
    return false;
  }
}
