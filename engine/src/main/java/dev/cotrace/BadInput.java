package dev.cotrace;

import dev.cotrace.format.MalformedModelException;

/** Tells what a caller or a file got wrong from what is a bug of ours. */
public final class BadInput {
  private BadInput() {}

  /** Whether {@code e}'s message is a sentence about the input. */
  public static boolean is(Throwable e) {
    return e instanceof IllegalArgumentException || e instanceof MalformedModelException;
  }
}
