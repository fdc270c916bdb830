package dev.cotrace.rollout;

import java.util.Locale;

/** A part of the objective (METHOD §3). */
public enum Term {
  /** KL(G‖H_z) summed over generated positions: dense, differentiable. */
  KL,
  /** KL(H_z‖G) summed over generated positions: dense, differentiable. */
  KL_REVERSE,
  /** Log-probability of the answer after the chain of thought: terminal, differentiable. */
  ANSWER_LOGPROB,
  /** Probability of the answer after the chain of thought: terminal, differentiable. */
  ANSWER_PROB,
  /**
   * Logit of the answer less logit of the wrong one, at temperature 1: terminal, differentiable.
   */
  LOGIT_DIFF,
  /** Whether the sampled text gives the right answer: a black box. */
  EXACT_MATCH;

  /** The term's name in files and on the command line, for example {@code answer-prob}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The term called {@code label}. */
  public static Term of(String label) {
    for (Term term : values()) {
      if (term.label().equals(label)) {
        return term;
      }
    }
    throw new IllegalArgumentException(
        "unknown objective '%s': expected kl, kl-reverse, answer-logprob, answer-prob, logit-diff or exact-match"
            .formatted(label));
  }

  /** Whether the term is a sum over generated positions. */
  boolean dense() {
    return this == KL || this == KL_REVERSE;
  }

  /** Whether the term reads the answer's log-probability. */
  boolean readsAnswer() {
    return this == ANSWER_LOGPROB || this == ANSWER_PROB;
  }
}
