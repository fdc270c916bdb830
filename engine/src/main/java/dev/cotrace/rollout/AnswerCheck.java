package dev.cotrace.rollout;

/** Decides whether a sampled text gives the right answer, for the objective {@code exact-match}. */
@FunctionalInterface
public interface AnswerCheck {
  /** Right when the sampled ids, without an end token, end in the answer's ids. */
  AnswerCheck ENDS_WITH_ANSWER =
      (pair, rollout) ->
          pair.answer().length > 0
              && StopRule.onTokens(pair.answer())
                  .stopsAfter(rollout.tokens(), rollout.thoughtLength());

  /** Whether {@code rollout} gives the answer of {@code pair}. */
  boolean matches(PromptPair pair, Rollout rollout);
}
