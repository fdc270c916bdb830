package dev.cotrace.rollout;

/**
 * One sampled chain of thought.
 *
 * @param tokens sampled ids in order, with the end token if one was drawn
 * @param finish why sampling ended
 */
public record Rollout(int[] tokens, Finish finish) {
  /** Why a rollout ended. */
  public enum Finish {
    /** An end token was drawn. */
    END_TOKEN,
    /** The stop rule accepted the tokens. */
    STOP,
    /** The budget was used up. */
    BUDGET
  }

  /** Number of sampled tokens. */
  public int steps() {
    return tokens.length;
  }

  /** Number of sampled tokens that are fed back to the model: all but an end token. */
  public int thoughtLength() {
    return finish == Finish.END_TOKEN ? tokens.length - 1 : tokens.length;
  }
}
