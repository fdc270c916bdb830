package dev.cotrace.rollout;

import java.util.List;

/**
 * What is asked of the model: prompt pairs, how to sample, and when a sampled text is right.
 *
 * @param pairs at least one; they are the independent units of every standard error
 */
public record Task(List<PromptPair> pairs, Sampling sampling, AnswerCheck check) {
  /** Refuses a task without pairs. */
  public Task {
    pairs = List.copyOf(pairs);
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("a task needs at least one pair of prompts");
    }
  }

  /** Refuses an objective that needs answers which a pair lacks. */
  public void require(Objective objective) {
    for (PromptPair pair : pairs) {
      boolean needsAnswer =
          objective.readsAnswer()
              || objective.has(Term.EXACT_MATCH)
              || objective.has(Term.LOGIT_DIFF);
      if (needsAnswer && pair.answer().length == 0) {
        throw new IllegalArgumentException(
            "pair %s has no answer, which the objective %s needs".formatted(pair.id(), objective));
      }
      if (objective.has(Term.LOGIT_DIFF)) {
        requireOneToken(pair, "answer", pair.answer());
        requireOneToken(pair, "wrong answer", pair.wrong());
      }
    }
  }

  private static void requireOneToken(PromptPair pair, String what, int[] ids) {
    if (ids.length != 1) {
      throw new IllegalArgumentException(
          "pair %s: logit-diff needs the %s to be one token, got %d; answer-logprob takes longer answers"
              .formatted(pair.id(), what, ids.length));
    }
  }
}
