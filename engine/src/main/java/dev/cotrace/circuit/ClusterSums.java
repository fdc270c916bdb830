package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The scores of all edges as sums by cluster, the independent units of a run: what resampling needs
 * beside the scores themselves.
 *
 * <p>A view: the parts are not copied.
 */
public final class ClusterSums {
  /** The direct part, where sums are those of an attribution. */
  public static final int DIRECT = 0;

  /** The through-CoT part, where sums are those of an attribution. */
  public static final int THROUGH_COT = 1;

  /** For scores whose sums by cluster are not known, as those of a file. */
  public static final ClusterSums NONE = new ClusterSums(List.of(), new int[0]);

  private final List<double[][]> parts;
  private final int[] units;
  private final double unitsInAll;

  /**
   * Sums over the units of each cluster.
   *
   * @param parts of the score, to be added up; each {@code [cluster][cell]}. Those of an
   *     attribution are {@link #DIRECT} and {@link #THROUGH_COT}
   * @param units number of units in each cluster, of which a score is the mean
   */
  public ClusterSums(List<double[][]> parts, int[] units) {
    this.parts = List.copyOf(parts);
    this.units = units.clone();
    unitsInAll = Arrays.stream(units).asLongStream().sum();
    for (double[][] part : parts) {
      if (part.length != units.length) {
        throw new IllegalArgumentException(
            "expected sums of %d clusters, got %d".formatted(units.length, part.length));
      }
    }
  }

  /** Number of clusters; 0 when they are not known. */
  public int count() {
    return units.length;
  }

  /** Number of units of {@code cluster}. */
  public int units(int cluster) {
    return units[cluster];
  }

  /** The share of {@code cluster} in all units: its weight in the mean. */
  public double share(int cluster) {
    return units[cluster] / unitsInAll;
  }

  /** The score of {@code cluster} alone at {@code cell}: its part {@code part} of that. */
  public double score(int part, int cluster, int cell) {
    return parts.get(part)[cluster][cell] / units[cluster];
  }

  /**
   * The cluster-robust standard error of the mean over all units: {@code C/(C − 1) · Σ_c w_c² (x_c
   * − mean)²}, squared, with w the {@link #share}; NaN for a single cluster.
   *
   * @param means x, the mean of each cluster
   */
  public double standardError(double[] means) {
    double mean = 0;
    for (int cluster = 0; cluster < means.length; cluster++) {
      mean += share(cluster) * means[cluster];
    }
    double squares = 0;
    for (int cluster = 0; cluster < means.length; cluster++) {
      double residual = share(cluster) * (means[cluster] - mean);
      squares += residual * residual;
    }
    double count = means.length;
    return Math.sqrt(count / (count - 1) * squares);
  }

  /**
   * How the total of {@code cells}, added up, comes to be what it is: from the first two clusters
   * alone, the first three, and so on to all. Empty where there are fewer than two.
   */
  public List<Estimate> running(int... cells) {
    double[] totals = new double[units.length];
    for (int cluster = 0; cluster < units.length; cluster++) {
      for (double[][] part : parts) {
        for (int cell : cells) {
          totals[cluster] += part[cluster][cell];
        }
      }
    }
    return IntStream.rangeClosed(2, units.length).mapToObj(count -> first(count, totals)).toList();
  }

  private Estimate first(int count, double[] totals) {
    int[] own = Arrays.copyOf(units, count);
    ClusterSums some = new ClusterSums(List.of(), own);
    double[] means = new double[count];
    Arrays.setAll(means, cluster -> totals[cluster] / own[cluster]);
    double sum = Arrays.stream(totals, 0, count).sum();
    return new Estimate(sum / some.unitsInAll, some.standardError(means));
  }

  /**
   * The scores of a sample in which cluster c occurs {@code times[c]} times, at least one of them.
   *
   * @param cells number of cells
   */
  public double[] scores(int[] times, int cells) {
    double[] scores = new double[cells];
    long drawn = 0;
    for (int cluster = 0; cluster < units.length; cluster++) {
      drawn += (long) times[cluster] * units[cluster];
      for (double[][] part : parts) {
        add(scores, times[cluster], part[cluster]);
      }
    }
    double drawnUnits = drawn;
    Arrays.setAll(scores, cell -> scores[cell] / drawnUnits);
    return scores;
  }

  private static void add(double[] scores, int times, double[] sums) {
    if (times > 0) {
      for (int cell = 0; cell < scores.length; cell++) {
        scores[cell] += times * sums[cell];
      }
    }
  }
}
