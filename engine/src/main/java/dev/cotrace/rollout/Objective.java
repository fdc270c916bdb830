package dev.cotrace.rollout;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * F(x, z), a weighted sum of {@link Term}s, and its parts f_s along a rollout (METHOD §3 and §4).
 *
 * @param parts the terms with their weights, at least one
 */
public record Objective(List<Part> parts) {
  /** One term and its weight. */
  public record Part(Term term, double weight) {}

  private static final Pattern PART =
      Pattern.compile(
          "\\s*([+-])?\\s*(?:([0-9.]+(?:[eE][+-]?[0-9]+)?)\\s*\\*\\s*)?([a-z][a-z-]*[a-z])\\s*");

  /** Refuses an empty sum and weights that are no numbers; drops terms that cancel out. */
  public Objective {
    List<Part> given = List.copyOf(parts);
    parts = given.stream().filter(p -> weight(given, p.term) != 0).toList();
    if (parts.isEmpty() || given.stream().anyMatch(p -> !Double.isFinite(p.weight))) {
      throw new IllegalArgumentException(
          "an objective needs at least one term, each with a finite weight that is not zero");
    }
  }

  /** Reads a sum such as {@code answer-prob} or {@code answer-logprob - 0.1*kl}. */
  public static Objective parse(String text) {
    List<Part> parts = new ArrayList<>();
    Matcher matcher = PART.matcher(text);
    int at = 0;
    while (at < text.length()) {
      if (!matcher.region(at, text.length()).lookingAt() || (at > 0 && matcher.group(1) == null)) {
        throw new IllegalArgumentException(
            "cannot read the objective '%s' from character %d on: expected terms such as answer-prob or 0.5*kl, joined by + or -"
                .formatted(text, at));
      }
      double weight = matcher.group(2) == null ? 1 : number(matcher.group(2), text);
      parts.add(
          new Part(Term.of(matcher.group(3)), "-".equals(matcher.group(1)) ? -weight : weight));
      at = matcher.end();
    }
    return new Objective(parts);
  }

  private static double number(String digits, String text) {
    try {
      return Double.parseDouble(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "the weight '%s' in the objective '%s' is no number".formatted(digits, text), e);
    }
  }

  /** The weight of {@code term}, 0 when it is no part. */
  public double weight(Term term) {
    return weight(parts, term);
  }

  private static double weight(List<Part> parts, Term term) {
    return parts.stream().filter(p -> p.term == term).mapToDouble(Part::weight).sum();
  }

  /** Whether the clean model's distribution is read at every step. */
  public boolean readsClean() {
    return parts.stream().anyMatch(p -> p.term.dense());
  }

  /** Whether the pair needs an answer. */
  public boolean readsAnswer() {
    return parts.stream().anyMatch(p -> p.term.readsAnswer());
  }

  /** Whether {@code term} is a part. */
  public boolean has(Term term) {
    return parts.stream().anyMatch(p -> p.term == term);
  }

  /** f_s of each step s: what the dense terms add there. */
  public double[] dense(Measurement m) {
    double[] dense = new double[m.logProbability().length];
    add(dense, weight(Term.KL), m.kl());
    add(dense, weight(Term.KL_REVERSE), m.klReverse());
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
          switch (part.term) {
            case KL, KL_REVERSE -> 0;
            case ANSWER_LOGPROB -> part.weight * m.answer();
            case ANSWER_PROB -> part.weight * Math.exp(m.answer());
            case LOGIT_DIFF -> part.weight * m.logitDifference();
            case EXACT_MATCH -> part.weight * m.match();
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
    return weight(Term.ANSWER_LOGPROB) + weight(Term.ANSWER_PROB) * Math.exp(m.answer());
  }

  /**
   * R_t of each step: the f_s that depend on the token drawn at t, that is of the later steps and
   * the terminal terms. The dense terms at t itself are sums over the vocabulary and depend only on
   * the tokens before.
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
