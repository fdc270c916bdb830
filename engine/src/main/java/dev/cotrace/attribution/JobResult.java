package dev.cotrace.attribution;

import dev.cotrace.rollout.Credit;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sample;
import java.util.List;

/**
 * What one job gave.
 *
 * @param rollouts its chains of thought
 * @param measurements of each rollout
 * @param weights of each rollout in the expectation; those of sets without replacement add up to 1
 *     in expectation only
 * @param values F of each rollout
 * @param credits what each rollout adds to the job's gradient; empty where none was taken
 * @param tokens number of tokens drawn for them; listed rollouts are not drawn
 */
public record JobResult(
    Job job,
    List<Rollout> rollouts,
    List<Measurement> measurements,
    double[] weights,
    double[] values,
    List<Credit> credits,
    long tokens) {
  /** What {@code job} gave by {@code objective}, of rollouts that count with {@code weights}. */
  static JobResult of(
      Objective objective,
      Job job,
      Sample sample,
      List<Measurement> measurements,
      double[] weights,
      List<Credit> credits) {
    double[] values = measurements.stream().mapToDouble(objective::value).toArray();
    return new JobResult(
        job,
        sample.rollouts(),
        List.copyOf(measurements),
        weights,
        values,
        credits,
        sample.tokens());
  }

  /** The estimate of J at this prompt and gate. */
  public double value() {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += weights[i] * values[i];
    }
    return sum;
  }
}
