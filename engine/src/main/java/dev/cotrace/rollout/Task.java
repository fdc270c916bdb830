package dev.cotrace.rollout;

import java.util.List;

/**
 * What is asked of the model: prompt pairs, how to sample, and what sampled texts are worth.
 *
 * @param pairs at least one; they are the independent units of every standard error
 * @param outcomes of the objective's terms that read the sampled text
 */
public record Task(List<PromptPair> pairs, Sampling sampling, Outcomes outcomes) {
  /** Refuses a task without pairs. */
  public Task {
    pairs = List.copyOf(pairs);
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException("a task needs at least one pair of prompts");
    }
  }

  /** Refuses an objective that needs answers which a pair lacks, or outcomes that are not here. */
  public void require(Objective objective) {
    outcomes.require(objective);
    boolean needsAnswer =
        objective.readsAnswer()
            || objective.readsContrast()
            || objective.outcomes().stream().anyMatch(OutcomeTerm::readsAnswer);
    boolean needsWrong = objective.outcomes().stream().anyMatch(OutcomeTerm::readsWrong);
    for (PromptPair pair : pairs) {
      if (needsAnswer && pair.answer().length == 0) {
        throw lacks(pair, "answer", objective);
      }
      if (needsWrong && pair.wrong().length == 0) {
        throw lacks(pair, "wrong answer", objective);
      }
      if (objective.readsContrast()) {
        requireOneToken(pair, "answer", pair.answer(), objective);
        requireOneToken(pair, "wrong answer", pair.wrong(), objective);
      }
    }
  }

  private static IllegalArgumentException lacks(PromptPair pair, String what, Objective objective) {
    return new IllegalArgumentException(
        "pair %s has no %s, which the objective %s needs".formatted(pair.id(), what, objective));
  }

  private static void requireOneToken(
      PromptPair pair, String what, int[] ids, Objective objective) {
    if (ids.length != 1) {
      Term term = objective.has(ModelTerm.LOGIT_DIFF) ? ModelTerm.LOGIT_DIFF : ModelTerm.PROB_DIFF;
      throw new IllegalArgumentException(
          "pair %s: %s needs the %s to be one token, got %d; answer-logprob takes longer answers"
              .formatted(pair.id(), term.label(), what, ids.length));
    }
  }
}
