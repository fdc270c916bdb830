package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.BitSet;

/**
 * How far two scores of the same edges agree.
 *
 * @param spearman rank correlation of |score| over all edges, ties at their mean rank; NaN where
 *     all are equal
 * @param size n, the number of top edges looked at
 * @param jaccard {@code |A ∩ B| / |A ∪ B|} of the top n of each
 */
public record Agreement(double spearman, int size, double jaccard) {
  /** One side's scores, row-major {@code [nSrc, nDst]}, and the sign of its J(1) − J(0). */
  public record Side(double[] scores, double direction) {}

  /**
   * The agreement of {@code a} and {@code b} in their top {@code wanted} edges, ranked alike before
   * pruning; in all when there are no more.
   */
  public static Agreement of(Units units, Side a, Side b, int wanted, Circuit.Ranking ranking) {
    int[] edges = units.unitCells();
    int size = Math.min(wanted, edges.length);
    BitSet both = top(a, ranking, edges, size);
    BitSet either = (BitSet) both.clone();
    BitSet other = top(b, ranking, edges, size);
    both.and(other);
    either.or(other);
    double spearman = Ranks.correlation(sizes(a.scores, edges), sizes(b.scores, edges));
    return new Agreement(spearman, size, both.cardinality() / (double) either.cardinality());
  }

  private static BitSet top(Side side, Circuit.Ranking ranking, int[] edges, int size) {
    return Stability.top(Circuit.rank(side.scores, ranking, side.direction), edges, size);
  }

  private static double[] sizes(double[] scores, int[] edges) {
    return Arrays.stream(edges).mapToDouble(cell -> Math.abs(scores[cell])).toArray();
  }
}
