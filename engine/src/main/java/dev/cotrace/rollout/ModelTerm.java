package dev.cotrace.rollout;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The terms that are read off the model and the rollout, not off the text. */
public enum ModelTerm implements Term {
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
  /**
   * Probability of the answer less that of the wrong one, at temperature 1: terminal,
   * differentiable.
   */
  PROB_DIFF,
  /**
   * KL(G‖H_z) where the answer begins, after the chain of thought: terminal, differentiable. What
   * {@link #KL} is when nothing is generated.
   */
  ANSWER_KL,
  /**
   * Number of sampled tokens, an end token included: dense, f_s = 1 at every step, no gradient at
   * fixed tokens. Whether step s is reached depends on the tokens before it, so R_t counts the
   * steps after t.
   */
  LENGTH;

  /** The term's name in files and on the command line, for example {@code answer-prob}. */
  @Override
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The term called {@code label}, if there is one. */
  static Optional<ModelTerm> of(String label) {
    return Arrays.stream(values()).filter(term -> term.label().equals(label)).findFirst();
  }

  /** The names of all these terms. */
  public static List<String> labels() {
    return Arrays.stream(values()).map(ModelTerm::label).toList();
  }
}
