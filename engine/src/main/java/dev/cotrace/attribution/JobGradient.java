package dev.cotrace.attribution;

import dev.cotrace.rollout.GradientByBin;
import java.util.Arrays;

/**
 * What one job gave, with its gradient as row-major {@code [nSrc, nDst]} matrices.
 *
 * @param direct effect at fixed tokens
 * @param throughCot effect by which tokens get sampled
 * @param byBin both by bin of positions
 */
record JobGradient(JobResult result, double[] direct, double[] throughCot, GradientByBin byBin) {
  /** The gradient summed over edges. */
  double total() {
    return Arrays.stream(direct).sum() + Arrays.stream(throughCot).sum();
  }
}
