package dev.cotrace.rollout;

/**
 * A clean prompt, its corrupted twin of equal length, and the answers they call for, as token ids.
 *
 * @param id name of the pair, shown to people
 * @param answer the right answer to the clean prompt; empty when the objective needs none
 * @param wrong the answer that the corrupted prompt calls for; empty when the objective needs none
 */
public record PromptPair(String id, int[] clean, int[] corrupted, int[] answer, int[] wrong) {
  /** Refuses empty prompts and prompts of unequal length. */
  public PromptPair {
    if (clean.length == 0 || clean.length != corrupted.length) {
      throw new IllegalArgumentException(
          "pair %s: clean and corrupted prompts must have the same number of tokens, at least one; got %d and %d"
              .formatted(id, clean.length, corrupted.length));
    }
  }
}
