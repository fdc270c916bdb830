package dev.cotrace.task.generator;

import java.util.List;
import java.util.Optional;

/** A kind of task: how its pairs are drawn, and how they are run. */
public sealed interface PairKind permits Ioi, GreaterThan, Arithmetic, Names {
  /** What the command line calls it. */
  String name();

  /** The words that answers are taken from. */
  Pool answers();

  /** How transcripts are sampled and the answer is read. */
  Reading reading();

  /** A pair whose answers are among {@code answers}; empty if this draw gave none. */
  Optional<Draft> draw(Draws draws, List<String> answers);

  /**
   * Words that can stand for each other.
   *
   * @param name for errors
   * @param needed how many different ones make a task
   * @param spaced whether there is a space before them where they are an answer
   */
  record Pool(String name, List<String> words, int needed, boolean spaced) {}

  /**
   * How a task is run.
   *
   * @param maxNewTokens budget of the chain of thought; 0 for none
   * @param stop what ends it; empty for nothing
   * @param answerPrefix what is fed before the answer; empty for nothing
   * @param chat whether the prompts are a user's message
   */
  record Reading(int maxNewTokens, String stop, String answerPrefix, boolean chat) {
    /** The answer comes right after the prompt. */
    static final Reading AT_ONCE = new Reading(0, "", "", false);
  }
}
