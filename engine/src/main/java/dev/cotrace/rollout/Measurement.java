package dev.cotrace.rollout;

/**
 * What a model makes of one transcript, as far as the objective asks for it; arrays it does not ask
 * for are empty.
 *
 * @param logProbability log H_z of each sampled token, in nats
 * @param kl KL(G‖H_z) at each step, in nats
 * @param klReverse KL(H_z‖G) at each step, in nats
 * @param answerLogProbability log H_z of each answer token, the earlier ones given, in nats
 * @param logitDifference logit of the answer less logit of the wrong answer, first token each; NaN
 *     when not asked for
 * @param match 1 when the sampled text gives the right answer, else 0; NaN when not asked for
 */
public record Measurement(
    double[] logProbability,
    double[] kl,
    double[] klReverse,
    double[] answerLogProbability,
    double logitDifference,
    double match) {

  /** Log-probability of the whole chain of thought. */
  public double rolloutLogProbability() {
    return sum(logProbability);
  }

  /** Log-probability of the whole answer. */
  public double answer() {
    return sum(answerLogProbability);
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }
}
