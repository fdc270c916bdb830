package dev.cotrace.attribution;

import dev.cotrace.attribution.Settings.Backward;

/**
 * How the work of a run is laid out in memory. It changes speed, and what a run takes, never its
 * results.
 *
 * @param batchRows rollouts that grow together at most, but for a group that is larger
 * @param threads batches side by side
 * @param backward {@link Backward#RECORDED} or {@link Backward#RECOMPUTE}
 * @param recordedAtOnce bytes that a tape may hold beyond what is needed: more than one filling of
 *     a batch's rows, or more than one group of a second forward pass
 */
public record Layout(int batchRows, int threads, Backward backward, long recordedAtOnce) {
  /** What a tape may hold where memory is no matter: more gains nothing. */
  static final long RECORDED_AT_ONCE = 1L << 30;

  private static final int MOST_FILLINGS = 4;

  /** Refuses a layout in which nothing could be done. */
  public Layout {
    if (batchRows < 1 || threads < 1 || recordedAtOnce < 0) {
      throw new IllegalArgumentException(
          "a layout needs at least one row and one thread, got %d and %d (%d bytes recorded at once)"
              .formatted(batchRows, threads, recordedAtOnce));
    }
  }

  /** As {@code settings} ask, recorded unless they say otherwise. */
  static Layout asked(Settings settings) {
    Backward backward =
        settings.backward() == Backward.RECOMPUTE ? Backward.RECOMPUTE : Backward.RECORDED;
    return new Layout(settings.batchRows(), settings.threads(), backward, RECORDED_AT_ONCE);
  }

  /**
   * How often the rows of a batch are filled where rollouts end early.
   *
   * @param recorded bytes that a tape keeps of a rollout
   */
  int fillings(long recorded) {
    return Math.toIntExact(Math.clamp(recordedAtOnce / (batchRows * recorded), 1, MOST_FILLINGS));
  }

  /**
   * Rollouts that one pass over whole transcripts takes, when they are not those of one group.
   *
   * @param recorded bytes that a tape keeps of a transcript
   */
  int rowsAtOnce(long recorded) {
    return Math.toIntExact(Math.clamp(recordedAtOnce / recorded, 1, batchRows));
  }
}
