package dev.cotrace.rollout;

import dev.cotrace.gate.GateGradients;
import dev.cotrace.rollout.TranscriptScorer.GroupGradient;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes from each rollout's through-CoT gradient, edge by edge, the multiple of its score {@code
 * S_e = Σ_t ∂/∂z_e log H_z(x_t)} that would have reduced the variance most among other rollouts:
 * {@code c_e = Σ G_e S_e / Σ S_e²} (Weaver and Tao 2001, for every component apart).
 *
 * <p>A score's expectation is zero, so nothing is lost as long as c_e does not depend on the
 * rollout that it is used for. Each half of a group is therefore given the c_e of the other half,
 * whose own leave-one-out baselines keep to that half.
 */
final class PerEdgeBaseline {
  /** Rollouts of a group with their own leave-one-out baselines, in two halves. */
  static double[][] apart(Objective objective, List<Measurement> measurements) {
    Rewards rewards = new Rewards(objective, measurements);
    int count = rewards.rollouts();
    return rewards.less((k, t) -> {
      int from = k < count / 2 ? 0 : count / 2;
      int to = k < count / 2 ? count / 2 : count;
      return Baseline.meanOfOthers(rewards, from, to, k, t);
    });
  }

  private PerEdgeBaseline() {}

  /**
   * The gradient of one group, whose rows are parts of their own.
   *
   * @param rows gradients of each of the group's rows: direct and score weighted and with the
   *     advantages of the group, score with those of {@link #apart}, score with ones
   * @param apart those advantages
   */
  private static GroupGradient of(
      double[][][] rows,
      double[][] apart,
      List<Measurement> measurements,
      Weighting.Weights weights,
      List<Credit> credits) {
    int cells = rows[0][0].length;
    double[] direct = new double[cells];
    double[] throughCot = new double[cells];
    int half = rows.length / 2;
    double firstBound = largest(apart, half, rows.length);
    double secondBound = largest(apart, 0, half);
    for (int cell = 0; cell < cells; cell++) {
      double first = coefficient(rows, half, rows.length, cell, firstBound);
      double second = coefficient(rows, 0, half, cell, secondBound);
      for (int k = 0; k < rows.length; k++) {
        double c = k < half ? first : second;
        direct[cell] += rows[k][0][cell];
        throughCot[cell] += rows[k][1][cell] - c * weights.rollout()[k] * rows[k][3][cell];
      }
    }
    GradientByBin none = GradientByBin.zero(0, 0);
    return new GroupGradient(direct, throughCot, measurements, weights, none, credits);
  }

  /**
   * c_e of some rows, no larger than a baseline can be of use: where the steps of a score cancel,
   * the ratio has no bound.
   */
  private static double coefficient(double[][][] rows, int from, int to, int cell, double bound) {
    double product = 0;
    double square = 0;
    for (int k = from; k < to; k++) {
      product += rows[k][2][cell] * rows[k][3][cell];
      square += rows[k][3][cell] * rows[k][3][cell];
    }
    return square == 0 ? 0 : Math.clamp(product / square, -bound, bound);
  }

  private static double largest(double[][] advantages, int from, int to) {
    double largest = 0;
    for (int k = from; k < to; k++) {
      for (double advantage : advantages[k]) {
        largest = Math.max(largest, Math.abs(advantage));
      }
    }
    return largest;
  }

  /** The gradients of all groups of a batch. */
  static List<GroupGradient> collect(
      List<TranscriptScorer.Group> groups,
      List<double[][]> apart,
      GateGradients gradients,
      List<Measurement> measurements,
      List<Weighting.Weights> weights) {
    List<GroupGradient> collected = new ArrayList<>();
    int row = 0;
    int place = 0;
    for (int group = 0; group < groups.size(); group++) {
      List<Transcript> transcripts = groups.get(group).transcripts();
      List<Credit> credits = new ArrayList<>();
      double[][][] rows = new double[transcripts.size()][][];
      for (int i = 0; i < rows.length; i++) {
        double[] advantage = weights.get(group).advantage()[i];
        rows[i] = gradients.units()[row + i];
        credits.add(Credit.of(transcripts.get(i), advantage, gradients.positions(), place));
        place += transcripts.get(i).clean().length;
      }
      int next = row + rows.length;
      collected.add(
          of(
              rows,
              apart.get(group),
              List.copyOf(measurements.subList(row, next)),
              weights.get(group),
              credits));
      row = next;
    }
    return collected;
  }
}
