package dev.cotrace.task.generator;

import dev.cotrace.task.generator.PairKind.Reading;

/** What the tasks with a chain of thought have in common. */
final class PromptForms {
  private static final int MOST_STEPS = 8;

  private PromptForms() {}

  static void requireSteps(int steps) {
    if (steps < 1 || steps > MOST_STEPS) {
      throw new IllegalArgumentException(
          "--steps must be from 1 to %d, got %d".formatted(MOST_STEPS, steps));
    }
  }

  /**
   * A chain of thought of one line, then {@code Answer:}; a chat model writes as it likes, in twice
   * the room, and is cut short by the prefix.
   */
  static Reading reading(int budget, boolean chat) {
    return chat
        ? new Reading(2 * budget, "", "\nAnswer:", true)
        : new Reading(budget, "\n", "Answer:", false);
  }

  /** A solved problem, to show how. */
  static String solved(String problem, String steps, String answer) {
    return "%s\nSteps:%s\nAnswer: %s\n\n".formatted(problem, steps, answer);
  }
}
