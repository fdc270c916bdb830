package dev.cotrace.hub;

import dev.cotrace.hub.HubException.Fault;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A request failed in a way that another attempt may mend. */
final class PassingFault extends IOException {
  private static final long serialVersionUID = 1L;

  private final Fault fault;
  private final transient @Nullable Duration pause;
  private final boolean unreached;

  /**
   * @param sentence what happened, without a full stop
   * @param pause that the server asked for
   */
  PassingFault(Fault fault, String sentence, @Nullable Duration pause) {
    this(fault, sentence, pause, /* unreached= */ false);
  }

  private PassingFault(Fault fault, String sentence, @Nullable Duration pause, boolean unreached) {
    super(sentence);
    this.fault = fault;
    this.pause = pause;
    this.unreached = unreached;
  }

  /** No connection came about. */
  static PassingFault unreached(String sentence) {
    return new PassingFault(Fault.NETWORK, sentence, null, /* unreached= */ true);
  }

  /** Whether no connection came about: a server that was never there will not come soon. */
  boolean isUnreached() {
    return unreached;
  }

  /** What the server asked us to wait, if it did. */
  @Nullable Duration pause() {
    return pause;
  }

  /** This, given up after {@code attempts}. */
  HubException lasting(int attempts) {
    String wait = pause == null ? "" : " and asks to wait %d s".formatted(pause.toSeconds());
    return new HubException(
        fault,
        "%s%s%s; try again later"
            .formatted(
                getMessage(), wait, attempts == 1 ? "" : ", " + attempts + " times in a row"),
        this);
  }
}
