package dev.cotrace.rollout;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * F(x, z), a weighted sum of {@link Term}s, and its parts f_s along a rollout (METHOD §3 and §4).
 *
 * @param parts the terms with their weights, at least one
 * @param observed terms that are measured beside them and add nothing
 */
public record Objective(List<Part> parts, Set<ModelTerm> observed) {
  /** One term and its weight. */
  public record Part(Term term, double weight) {}

  /** Refuses an empty sum and weights that are no numbers; drops terms that cancel out. */
  public Objective {
    List<Part> given = List.copyOf(parts);
    parts = given.stream().filter(p -> weight(given, p.term) != 0).toList();
    observed = Set.copyOf(observed);
    if (parts.isEmpty() || given.stream().anyMatch(p -> !Double.isFinite(p.weight))) {
      throw new IllegalArgumentException(
          "an objective needs at least one term, each with a finite weight that is not zero");
    }
  }

  /** A sum of which nothing but its own terms is measured. */
  public Objective(List<Part> parts) {
    this(parts, Set.of());
  }

  /** The same sum, with {@code more} measured beside it. */
  public Objective observing(Set<ModelTerm> more) {
    return new Objective(parts, more);
  }

  /**
   * Reads a sum such as {@code answer-prob} or {@code answer-logprob - 0.1*kl +
   * 2*contains("wait")}. A name that is no {@link ModelTerm} is taken for an {@link Outcome}'s.
   */
  public static Objective parse(String text) {
    return ObjectiveParser.parse(text);
  }

  /** The weight of {@code term}, 0 when it is no part. */
  public double weight(Term term) {
    return weight(parts, term);
  }

  private static double weight(List<Part> parts, Term term) {
    return parts.stream().filter(p -> p.term.equals(term)).mapToDouble(Part::weight).sum();
  }

  /** Whether the clean model's distribution is read at every step. */
  public boolean readsClean() {
    return reads(ModelTerm.KL) || reads(ModelTerm.KL_REVERSE) || reads(ModelTerm.ANSWER_KL);
  }

  /** Whether the answer is compared with the wrong one. */
  public boolean readsContrast() {
    return reads(ModelTerm.LOGIT_DIFF) || reads(ModelTerm.PROB_DIFF);
  }

  /** Whether the answer's log-probability is read. */
  public boolean readsAnswer() {
    return reads(ModelTerm.ANSWER_LOGPROB) || reads(ModelTerm.ANSWER_PROB);
  }

  /** The terms that outcomes read off the text, each once, in their order. */
  public List<OutcomeTerm> outcomes() {
    return parts.stream()
        .map(Part::term)
        .flatMap(term -> term instanceof OutcomeTerm outcome ? Stream.of(outcome) : Stream.empty())
        .distinct()
        .toList();
  }

  /** Whether nothing but the sampled text counts. */
  public boolean readsTextOnly() {
    return parts.stream().allMatch(part -> part.term instanceof OutcomeTerm);
  }

  /** Whether {@code term} is a part. */
  public boolean has(Term term) {
    return parts.stream().anyMatch(p -> p.term.equals(term));
  }

  /** Whether {@code term} is measured, as a part or beside them. */
  boolean reads(ModelTerm term) {
    return has(term) || observed.contains(term);
  }

  /** f_s of each step s: what the dense terms add there. */
  public double[] dense(Measurement m) {
    double[] dense = new double[m.logProbability().length];
    Arrays.fill(dense, weight(ModelTerm.LENGTH));
    add(dense, weight(ModelTerm.KL), m.kl());
    add(dense, weight(ModelTerm.KL_REVERSE), m.klReverse());
    return dense;
  }

  /** Adds {@code weight · values}; a term that is no part has no values. */
  private static void add(double[] sum, double weight, double[] values) {
    for (int s = 0; s < values.length; s++) {
      sum[s] += weight * values[s];
    }
  }

  /** What the terms read after the rollout add. */
  public double terminal(Measurement m) {
    double terminal = 0;
    for (Part part : parts) {
      terminal +=
          part.weight
              * switch (part.term) {
                case ModelTerm.KL, ModelTerm.KL_REVERSE, ModelTerm.LENGTH -> 0;
                case ModelTerm.ANSWER_LOGPROB -> m.answer();
                case ModelTerm.ANSWER_PROB -> Math.exp(m.answer());
                case ModelTerm.LOGIT_DIFF -> m.logitDifference();
                case ModelTerm.PROB_DIFF -> m.probabilityDifference();
                case ModelTerm.ANSWER_KL -> m.answerKl();
                case OutcomeTerm outcome -> m.outcome(outcome);
              };
    }
    return terminal;
  }

  /** F of the whole transcript. */
  public double value(Measurement m) {
    double value = terminal(m);
    for (double f : dense(m)) {
      value += f;
    }
    return value;
  }

  /** Derivative of {@link #terminal} with respect to the answer's log-probability. */
  double answerSlope(Measurement m) {
    return weight(ModelTerm.ANSWER_LOGPROB) + weight(ModelTerm.ANSWER_PROB) * Math.exp(m.answer());
  }

  /**
   * Derivatives of {@link #terminal} with respect to the contrasted log-probabilities, that of the
   * answer and that of the wrong answer.
   */
  double[] contrastSlopes(Measurement m) {
    double logit = weight(ModelTerm.LOGIT_DIFF);
    double probability = weight(ModelTerm.PROB_DIFF);
    double[] contrast = m.contrastLogProbability();
    return new double[] {
      logit + probability * Math.exp(contrast[0]), -logit - probability * Math.exp(contrast[1])
    };
  }

  /**
   * R_t of each step: the f_s that depend on the token drawn at t, that is of the later steps and
   * the terminal terms. A dense term at t itself depends only on the tokens before: a divergence is
   * a sum over the vocabulary, and a step counts for the length before its token is drawn.
   */
  public double[] rewardToGo(Measurement m) {
    double[] dense = dense(m);
    double[] reward = new double[dense.length];
    double later = terminal(m);
    for (int t = dense.length - 1; t >= 0; t--) {
      reward[t] = later;
      later += dense[t];
    }
    return reward;
  }

  /** The sum as {@link #parse} reads it. */
  @Override
  public String toString() {
    String sum =
        parts.stream()
            .map(p ->
                (p.weight < 0 ? "- " : "+ ")
                    + (Math.abs(p.weight) == 1 ? "" : Math.abs(p.weight) + "*")
                    + p.term.label())
            .collect(Collectors.joining(" "));
    return sum.startsWith("+ ") ? sum.substring(2) : sum;
  }
}
