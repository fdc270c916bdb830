package dev.cotrace.rollout;

import java.util.Arrays;
import java.util.List;

/** How sampled or listed rollouts are weighted: the choices of b_t in METHOD §4. */
public enum Baseline implements Weighting {
  /** K sampled rollouts, b = 0: plain REINFORCE with reward-to-go. */
  NONE {
    @Override
    public Weights of(Objective objective, List<Measurement> measurements) {
      return new Weights(equal(measurements.size()), rewards(objective, measurements));
    }
  },

  /**
   * K sampled rollouts; b_t is the mean R_t of the other K − 1. It does not depend on the rollout
   * that it is subtracted from, so the estimate stays unbiased. With K = 1 there is none.
   */
  LEAVE_ONE_OUT {
    @Override
    public Weights of(Objective objective, List<Measurement> measurements) {
      double[][] rewards = rewards(objective, measurements);
      double[] terminal = measurements.stream().mapToDouble(objective::terminal).toArray();
      int steps = Arrays.stream(rewards).mapToInt(r -> r.length).max().orElse(0);
      double[][] advantages = Arrays.stream(rewards).map(double[]::clone).toArray(double[][]::new);
      int others = rewards.length - 1;
      for (int t = 0; t < steps && others > 0; t++) {
        double sum = 0;
        for (int k = 0; k < rewards.length; k++) {
          sum += rewardAt(rewards[k], t, terminal[k]);
        }
        for (int k = 0; k < rewards.length; k++) {
          if (t < rewards[k].length) {
            advantages[k][t] -= (sum - rewards[k][t]) / others;
          }
        }
      }
      return new Weights(equal(rewards.length), advantages);
    }
  },

  /** Every possible rollout, weighted by its probability; no baseline is needed. */
  EXACT {
    @Override
    public Weights of(Objective objective, List<Measurement> measurements) {
      double[] probability =
          measurements.stream().mapToDouble(m -> Math.exp(m.rolloutLogProbability())).toArray();
      return new Weights(probability, rewards(objective, measurements));
    }
  };

  private static double[] equal(int count) {
    double[] weights = new double[count];
    Arrays.fill(weights, 1.0 / count);
    return weights;
  }

  private static double[][] rewards(Objective objective, List<Measurement> measurements) {
    return measurements.stream().map(objective::rewardToGo).toArray(double[][]::new);
  }

  /** R_t of a rollout; one that has ended has only its terminal reward to come. */
  private static double rewardAt(double[] reward, int t, double terminal) {
    return t < reward.length ? reward[t] : terminal;
  }
}
