package dev.cotrace.rollout;

import java.util.Map;

/**
 * What a model makes of one transcript, as far as the objective asks for it; arrays it does not ask
 * for are empty.
 *
 * @param logProbability log H_z of each sampled token, in nats
 * @param kl KL(G‖H_z) at each step, in nats
 * @param klReverse KL(H_z‖G) at each step, in nats
 * @param answerLogProbability log H_z of each answer token, the earlier ones given, in nats
 * @param answerMostProbable whether every answer token, the earlier ones given, is the most
 *     probable one; true when none was asked for
 * @param contrastLogProbability at temperature 1, log H_z of the answer and of the wrong answer,
 *     first token each, in nats
 * @param answerKl KL(G‖H_z) where the answer begins, in nats; NaN when not asked for
 * @param outcomes what each outcome of the objective makes of the sampled text
 */
public record Measurement(
    double[] logProbability,
    double[] kl,
    double[] klReverse,
    double[] answerLogProbability,
    boolean answerMostProbable,
    double[] contrastLogProbability,
    double answerKl,
    Map<OutcomeTerm, Double> outcomes) {

  /** Log-probability of the whole chain of thought. */
  public double rolloutLogProbability() {
    return sum(logProbability);
  }

  /** Log-probability of the whole answer. */
  public double answer() {
    return sum(answerLogProbability);
  }

  /** Logit of the answer less logit of the wrong answer. */
  public double logitDifference() {
    return contrastLogProbability[0] - contrastLogProbability[1];
  }

  /** Probability of the answer less that of the wrong answer. */
  public double probabilityDifference() {
    return Math.exp(contrastLogProbability[0]) - Math.exp(contrastLogProbability[1]);
  }

  /** What the outcome of {@code term} makes of the sampled text; NaN when not asked for. */
  public double outcome(OutcomeTerm term) {
    return outcomes.getOrDefault(term, Double.NaN);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
