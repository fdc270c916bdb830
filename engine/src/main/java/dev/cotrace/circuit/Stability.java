package dev.cotrace.circuit;

import dev.cotrace.circuit.Circuit.Ranking;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.rng.core.source64.Philox4x64;

/**
 * How much the top edges depend on which clusters a run happened to have: the bootstrap over
 * clusters.
 *
 * <p>Each of {@link #RESAMPLES} resamples draws as many clusters as there are, with replacement,
 * and ranks the edges by the scores of those. An exact function of the scores and the seed. The top
 * n are taken before {@link Circuit#pruned}; edges of equal rank come in the order of their cells,
 * so that where n exceeds the number of edges with a score, ties at zero look stable.
 *
 * @param size n, the number of top edges looked at
 * @param jaccard mean over all pairs of resamples of {@code |A ∩ B| / |A ∪ B|}, A and B their top
 *     n: what two runs of this size would share, were the scores of this one the truth (as Méloux
 *     et al. 2025, arXiv 2510.00845, compare circuits of resampled data); NaN when sums by cluster
 *     are not known
 * @param inclusion share of resamples in whose top n each edge is, row-major {@code [nSrc, nDst]};
 *     0 at cells without an edge; NaN as {@code jaccard}
 */
public record Stability(int size, double jaccard, double[] inclusion) {
  /** Number of resamples. */
  public static final int RESAMPLES = 200;

  /** Separates these random streams from those of rollouts under the same seed. */
  private static final long STREAMS = 4;

  /**
   * The stability of the top {@code wanted} edges, or of all when there are no more.
   *
   * @param sums by cluster; a single cluster is an exact run, whose top edges cannot change
   * @param direction sign of J(1) − J(0), for {@link Ranking#SIGNED}; the same in all resamples
   * @param seed of the resamples
   */
  public static Stability of(
      Units units, ClusterSums sums, int wanted, Ranking ranking, double direction, long seed) {
    return of(units, sums, new int[] {wanted}, ranking, direction, seed).getFirst();
  }

  /** As {@link #of(Units, ClusterSums, int, Ranking, double, long)} for each size. */
  public static List<Stability> of(
      Units units, ClusterSums sums, int[] wanted, Ranking ranking, double direction, long seed) {
    int[] sizes = Arrays.stream(wanted).map(size -> Math.min(size, units.unitCount())).toArray();
    if (sums.count() == 0) {
      double[] unknown = new double[units.cells()];
      Arrays.fill(unknown, Double.NaN);
      return Arrays.stream(sizes).mapToObj(n -> new Stability(n, Double.NaN, unknown)).toList();
    }
    int[] edges = units.unitCells();
    BitSet[][] tops = new BitSet[sizes.length][RESAMPLES];
    for (int resample = 0; resample < RESAMPLES; resample++) {
      double[] scores = sums.scores(times(sums.count(), seed, resample), units.cells());
      double[] rank = Circuit.rank(scores, ranking, direction);
      double[] ascending = ascending(rank, edges);
      for (int i = 0; i < sizes.length; i++) {
        tops[i][resample] = top(rank, ascending, edges, sizes[i]);
      }
    }
    return IntStream.range(0, sizes.length)
        .mapToObj(
            i -> new Stability(sizes[i], meanJaccard(tops[i]), inclusion(tops[i], units.cells())))
        .toList();
  }

  private static double[] inclusion(BitSet[] tops, int cells) {
    double[] inclusion = new double[cells];
    for (BitSet top : tops) {
      top.stream().forEach(cell -> inclusion[cell]++);
    }
    Arrays.setAll(inclusion, cell -> inclusion[cell] / RESAMPLES);
    return inclusion;
  }

  /** How often each of {@code clusters} clusters is drawn. */
  private static int[] times(int clusters, long seed, int resample) {
    Philox4x64 random = new Philox4x64(new long[] {seed, resample, 0, 0, 0, STREAMS});
    int[] times = new int[clusters];
    for (int draw = 0; draw < clusters; draw++) {
      times[random.nextInt(clusters)]++;
    }
    return times;
  }

  /** Cells of the {@code size} highest-ranked edges; among equals the first ones. */
  static BitSet top(double[] rank, int[] edges, int size) {
    return top(rank, ascending(rank, edges), edges, size);
  }

  private static double[] ascending(double[] rank, int[] edges) {
    double[] ascending = Arrays.stream(edges).mapToDouble(cell -> rank[cell]).toArray();
    Arrays.sort(ascending);
    return ascending;
  }

  private static BitSet top(double[] rank, double[] ascending, int[] edges, int size) {
    double last = ascending[edges.length - size];
    BitSet top = new BitSet(rank.length);
    long above = Arrays.stream(ascending).filter(value -> value > last).count();
    long amongEquals = size - above;
    for (int cell : edges) {
      if (rank[cell] > last || (rank[cell] == last && amongEquals-- > 0)) {
        top.set(cell);
      }
    }
    return top;
  }

  private static double meanJaccard(BitSet[] tops) {
    double sum = 0;
    for (int a = 1; a < tops.length; a++) {
      for (int b = 0; b < a; b++) {
        BitSet both = (BitSet) tops[a].clone();
        both.and(tops[b]);
        double shared = both.cardinality();
        sum += shared / (tops[a].cardinality() + tops[b].cardinality() - shared);
      }
    }
    return sum / (tops.length * (tops.length - 1) / 2.0);
  }
}
