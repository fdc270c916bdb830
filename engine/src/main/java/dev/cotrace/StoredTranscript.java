package dev.cotrace;

import dev.cotrace.circuit.ScorePart;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One transcript of a run with a number for each of its tokens, read from {@code rollouts.jsonl}.
 *
 * @param number counts from 1 the transcripts that were to choose from, in the order they came up
 * @param pair id of its pair
 * @param purpose what it was sampled for
 * @param alpha the gate of all edges; NaN for a circuit
 * @param finish why sampling ended
 * @param value F
 * @param measure what the numbers of its tokens are
 * @param part of masses
 * @param tokens of the prompt, then those sampled, the prefix of the answer and the answer
 */
public record StoredTranscript(
    int number,
    String pair,
    String purpose,
    double alpha,
    String finish,
    double value,
    TokenMeasure measure,
    ScorePart part,
    List<Token> tokens) {
  /** Where a token is from. */
  public enum Origin {
    /** Of the clean prompt. */
    PROMPT,
    /** Of the chain of thought. */
    SAMPLED,
    /** Put after it: the prefix of the answer, and the answer. */
    ANSWER
  }

  /**
   * One token.
   *
   * @param text its string; its id for a model over bare token ids
   * @param value its number, exact; NaN where it has none
   */
  public record Token(String text, Origin origin, double value) {}

  /**
   * Which transcript of a run.
   *
   * @param number counts from 1 those that have the measure, in the order they came up; 0 for the
   *     one whose numbers have the largest absolute sum
   * @param pair id of their pair; null for any
   * @param part of masses
   */
  public record Choice(int number, @Nullable String pair, TokenMeasure measure, ScorePart part) {
    /** Refuses negative numbers. */
    public Choice {
      if (number < 0) {
        throw new IllegalArgumentException(
            "transcripts are counted from 1, got %d".formatted(number));
      }
    }
  }
}
