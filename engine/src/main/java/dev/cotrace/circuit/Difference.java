package dev.cotrace.circuit;

import java.util.List;
import java.util.stream.IntStream;

/**
 * The scores of one run less those of another, edge by edge, in the unit of J.
 *
 * @param units names the cells; those of both runs
 * @param pairing where the errors come from
 * @param total difference of the scores
 * @param direct difference of their direct parts
 * @param throughCot difference of their through-CoT parts
 * @param significance of {@code total}: whether an edge's two scores differ
 */
public record Difference(
    Units units,
    Pairing pairing,
    Scores total,
    Scores direct,
    Scores throughCot,
    Significance significance) {
  /** Where the errors of differences come from. */
  public enum Pairing {
    /**
     * The errors of the two runs, whose squares add up, with Welch's degrees of freedom (Welch
     * 1947, Satterthwaite 1946).
     */
    INDEPENDENT,
    /**
     * The differences of clusters: both runs have the same prompts in each, so that what a prompt
     * does to both runs alike drops out.
     */
    BY_CLUSTER
  }

  private static final List<Integer> DIRECT = List.of(ClusterSums.DIRECT);
  private static final List<Integer> THROUGH_COT = List.of(ClusterSums.THROUGH_COT);
  private static final List<Integer> BOTH = List.of(ClusterSums.DIRECT, ClusterSums.THROUGH_COT);

  /** {@code second} less {@code first}, which have nothing in common but their graph. */
  public static Difference independent(Attribution first, Attribution second) {
    requireSameGraph(first, second);
    Scores total = second.total().minus(first.total());
    double[] one = first.total().standardErrors();
    double[] other = second.total().standardErrors();
    Significance significance =
        Significance.of(
            first.units(),
            total,
            cell -> degreesOfFreedom(one[cell], first.clusters(), other[cell], second.clusters()));
    return new Difference(
        first.units(),
        Pairing.INDEPENDENT,
        total,
        second.direct().minus(first.direct()),
        second.throughCot().minus(first.throughCot()),
        significance);
  }

  /**
   * {@code second} less {@code first}, which have the same prompts in each of their clusters.
   *
   * @throws IllegalArgumentException when their sums by cluster do not allow it ({@link #pairs})
   */
  public static Difference byCluster(Attribution first, Attribution second) {
    requireSameGraph(first, second);
    if (!pairs(first.sums(), second.sums())) {
      throw new IllegalArgumentException(
          "expected two runs with sums by the same clusters, got %d and %d clusters"
              .formatted(first.sums().count(), second.sums().count()));
    }
    Scores total = paired(first, second, second.total().minus(first.total()), BOTH);
    return new Difference(
        first.units(),
        Pairing.BY_CLUSTER,
        total,
        paired(first, second, second.direct().minus(first.direct()), DIRECT),
        paired(first, second, second.throughCot().minus(first.throughCot()), THROUGH_COT),
        Significance.of(first.units(), total, first.sums().count()));
  }

  /** Whether both have the same clusters, more than one, of the same weight in the mean. */
  public static boolean pairs(ClusterSums first, ClusterSums second) {
    return first.count() > 1
        && first.count() == second.count()
        && IntStream.range(0, first.count())
            .allMatch(cluster -> first.share(cluster) == second.share(cluster));
  }

  private static void requireSameGraph(Attribution first, Attribution second) {
    if (!first.units().equals(second.units())) {
      throw new IllegalArgumentException(
          "scores of %s cannot be compared with scores of %s"
              .formatted(first.units(), second.units()));
    }
  }

  /** Welch's; any number, where neither has an error. */
  static double degreesOfFreedom(double first, int clusters, double second, int otherClusters) {
    double squares = first * first + second * second;
    if (squares == 0) {
      return 1;
    }
    double share = first * first / squares;
    double rest = 1 - share;
    return 1
        / (share * share / Math.max(1, clusters - 1)
            + rest * rest / Math.max(1, otherClusters - 1));
  }

  /** {@code difference} with the errors of differences by cluster. */
  private static Scores paired(
      Attribution first, Attribution second, Scores difference, List<Integer> parts) {
    ClusterSums one = first.sums();
    ClusterSums other = second.sums();
    double[] errors = new double[difference.values().length];
    double[] byCluster = new double[one.count()];
    double[] overEdges = new double[one.count()];
    for (int cell : first.units().unitCells()) {
      for (int cluster = 0; cluster < byCluster.length; cluster++) {
        byCluster[cluster] = 0;
        for (int part : parts) {
          byCluster[cluster] += other.score(part, cluster, cell) - one.score(part, cluster, cell);
        }
        overEdges[cluster] += byCluster[cluster];
      }
      errors[cell] = one.standardError(byCluster);
    }
    return new Scores(
        difference.values(),
        errors,
        new Estimate(difference.sum().value(), one.standardError(overEdges)));
  }
}
