package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.Comparator;

/**
 * How well scores tell the edges of a known circuit from all others, ranked by |score|.
 *
 * @param auroc area under the receiver operating characteristic: the share of pairs of a true and
 *     another edge in which the true one has the larger |score|, ties counting half
 * @param averagePrecision {@code Σ_n (R_n − R_{n−1}) P_n} over thresholds n, with precision P and
 *     recall R of the edges at or above each; edges of equal |score| come in together
 */
public record Recovery(double auroc, double averagePrecision) {
  /**
   * The recovery of {@code truth} by {@code scores}.
   *
   * @param scores row-major {@code [nSrc, nDst]}; a NaN counts as the lowest
   * @throws IllegalArgumentException when no edge is true, or all are
   */
  public static Recovery of(double[] scores, Circuit truth) {
    int[] edges = truth.graph().edgeCells();
    int positives = truth.size();
    int negatives = edges.length - positives;
    if (positives == 0 || negatives == 0) {
      throw new IllegalArgumentException(
          "expected some edges to be true and some not, got %d of %d"
              .formatted(positives, edges.length));
    }
    int[] ranked =
        Arrays.stream(edges)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer cell) -> -magnitude(scores[cell])))
            .mapToInt(Integer::intValue)
            .toArray();
    double area = 0;
    double precision = 0;
    int found = 0;
    for (int from = 0, to = 0; from < ranked.length; from = to) {
      int before = found;
      while (to < ranked.length
          && magnitude(scores[ranked[to]]) == magnitude(scores[ranked[from]])) {
        found += truth.contains(ranked[to++]) ? 1 : 0;
      }
      int others = to - from - (found - before);
      area += others * (before + found) / 2.0;
      precision += (found - before) * (double) found / to;
    }
    return new Recovery(area / ((double) positives * negatives), precision / positives);
  }

  private static double magnitude(double score) {
    return Double.isNaN(score) ? -1 : Math.abs(score);
  }
}
