package dev.cotrace.rollout;

import java.util.Arrays;

/**
 * What one rollout, and each position of it, adds to the gradient of its group.
 *
 * <p>A position's mass is {@code Σ_{u→v} ⟨o_u(t) − o'_u(t), g_v(t)⟩}: the gradient summed over all
 * edges there, the rollout's weight included. Summed over positions and over the rollouts of a
 * group it is the gradient of the group, summed over edges. Where rollouts of a group begin with
 * the same tokens each has an equal share of what they have there together.
 *
 * @param advantage R_t − b_t of each sampled step
 * @param direct mass at fixed tokens of each position that was fed: prompt, chain of thought,
 *     answer prefix, answer but for its last token
 * @param throughCot mass by which tokens get sampled, of the same positions
 */
public record Credit(double[] advantage, double[] direct, double[] throughCot) {
  /** The parts of the batch that are a transcript's whose first place is {@code from}. */
  static Credit of(Transcript transcript, double[] advantage, double[][] positions, int from) {
    int to = from + transcript.clean().length;
    return new Credit(
        advantage,
        Arrays.copyOfRange(positions[0], from, to),
        Arrays.copyOfRange(positions[1], from, to));
  }
}
