package dev.cotrace.hub;

import java.io.IOException;

/** A model of the hub cannot be had; the message is a sentence that says what to do. */
public final class HubException extends IOException {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  public enum Fault {
    /** The model, or a file that it needs, is not on this machine. */
    NOT_CACHED,
    /** The environment forbids to ask the hub. */
    OFFLINE,
    /** There is no such repository, or it is hidden from this user. */
    NO_REPOSITORY,
    /** The repository has no such branch, tag or commit. */
    NO_REVISION,
    /** The repository has no such file. */
    NO_FILE,
    /** The hub wants a token, another token, or a licence accepted. */
    FORBIDDEN,
    /** The repository holds nothing that Cotrace reads, or more than one thing. */
    NO_MODEL,
    /** The cache cannot be written. */
    STORAGE,
    /** The hub cannot be reached, or breaks off again and again. */
    NETWORK,
    /** The hub wants to be left alone for longer than we wait. */
    BUSY,
    /** The hub said something that is wrong, or that must not be followed. */
    BAD_ANSWER;

    /** Whether the user can mend it by asking for something else. */
    public boolean isInput() {
      return this != NETWORK && this != BUSY && this != BAD_ANSWER;
    }
  }

  private final Fault fault;

  HubException(Fault fault, String sentence) {
    super(sentence);
    this.fault = fault;
  }

  HubException(Fault fault, String sentence, Throwable cause) {
    super(sentence, cause);
    this.fault = fault;
  }

  /** What went wrong. */
  public Fault fault() {
    return fault;
  }
}
