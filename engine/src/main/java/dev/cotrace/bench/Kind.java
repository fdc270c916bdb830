package dev.cotrace.bench;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What can be measured. */
public enum Kind {
  /** Tokens per second of gated sampling against plain decoding. */
  SAMPLING("a"),
  /** Tokens per second of a whole attribution at one gate value against plain decoding. */
  ATTRIBUTION("b"),
  /** Time of an attribution against the number of sampled tokens. */
  SCALING("c"),
  /** Time of an attribution whose backward pass starts from a record against one that runs anew. */
  BACKWARD("d"),
  /** Peak resident memory of an attribution against the number of sampled tokens. */
  MEMORY("e");

  private final String letter;

  Kind(String letter) {
    this.letter = letter;
  }

  /**
   * The measurement with this letter.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static Kind of(String letter) {
    return Arrays.stream(values())
        .filter(kind -> kind.letter.equals(letter))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "expected --only of %s, got '%s'"
                    .formatted(
                        Arrays.stream(values())
                            .map(kind -> kind.letter)
                            .collect(Collectors.joining(", ")),
                        letter)));
  }
}
