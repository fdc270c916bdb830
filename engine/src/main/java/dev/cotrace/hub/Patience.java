package dev.cotrace.hub;

import java.time.Duration;
import java.util.concurrent.CancellationException;

/**
 * How long to keep asking.
 *
 * @param attempts in a row that may fail
 * @param first pause after a failure; it doubles with every further one
 * @param longest pause of our own choosing
 * @param longestAsked pause that a server may ask for
 */
record Patience(int attempts, Duration first, Duration longest, Duration longestAsked) {
  /** For people who wait. */
  static final Patience USUAL =
      new Patience(6, Duration.ofMillis(500), Duration.ofSeconds(10), Duration.ofSeconds(120));

  /** Failures in all, however much came in between: a server that drips is given up. */
  private static final int FAILURES = 200;

  /** Starts to count. */
  Tries tries() {
    return new Tries(this);
  }

  /** The failures of one request so far. */
  static final class Tries {
    private final Patience patience;
    private int inARow;
    private int all;

    private Tries(Patience patience) {
      this.patience = patience;
    }

    /** Something came: the next failure is the first again. */
    void progressed() {
      inARow = 0;
    }

    /**
     * Pauses before the next attempt.
     *
     * @throws HubException when there should be none
     */
    void failed(PassingFault fault) throws HubException {
      if (++inARow >= patience.attempts || ++all >= FAILURES) {
        throw fault.lasting(inARow);
      }
      Duration pause = fault.pause();
      if (pause == null) {
        Duration own = patience.first.multipliedBy(1L << Math.min(inARow - 1, 20));
        pause = own.compareTo(patience.longest) < 0 ? own : patience.longest;
      } else if (pause.compareTo(patience.longestAsked) > 0) {
        throw fault.lasting(inARow);
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted while waiting for the hub");
      }
    }
  }
}
