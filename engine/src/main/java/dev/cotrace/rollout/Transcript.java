package dev.cotrace.rollout;

/**
 * A prompt pair with one chain of thought, laid out as it is fed to the model: prompt, chain of
 * thought without an end token, answer prefix, answer.
 *
 * <p>The token at slot s is predicted by what the logits read at slot s − 1.
 *
 * @param pair the prompts and answers
 * @param rollout the chain of thought
 * @param answerPrefix ids between the chain of thought and the answer
 */
public record Transcript(PromptPair pair, Rollout rollout, int[] answerPrefix) {
  /** Ids of the clean run; the last answer token is predicted only and not fed. */
  public int[] clean() {
    return fed(pair.clean());
  }

  /**
   * Ids of the corrupted run: the corrupted prompt, then the same tokens ({@code same}, METHOD §2).
   */
  public int[] corrupted() {
    return fed(pair.corrupted());
  }

  /** Slot whose logits the token of {@code step} is drawn from. */
  int sampledFrom(int step) {
    return pair.clean().length + step - 1;
  }

  /** Slot whose logits predict token {@code index} of the answer. */
  int answeredFrom(int index) {
    return pair.clean().length + rollout.thoughtLength() + answerPrefix.length + index - 1;
  }

  private int[] fed(int[] prompt) {
    int answer = Math.max(0, pair.answer().length - 1);
    int thought = rollout.thoughtLength();
    int[] ids = new int[prompt.length + thought + answerPrefix.length + answer];
    System.arraycopy(prompt, 0, ids, 0, prompt.length);
    System.arraycopy(rollout.tokens(), 0, ids, prompt.length, thought);
    System.arraycopy(answerPrefix, 0, ids, prompt.length + thought, answerPrefix.length);
    System.arraycopy(pair.answer(), 0, ids, ids.length - answer, answer);
    return ids;
  }
}
