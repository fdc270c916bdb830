package dev.cotrace.attribution;

import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.Scores;
import dev.cotrace.rollout.GradientByBin;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Weighted gradients added up cluster by cluster: a monoid, so that parts computed anywhere merge
 * into the same scores.
 */
final class AttributionSum {
  private final int cells;
  private final BinSums byBin;
  private final Part[] parts = new Part[Clusters.MOST]; // null for clusters nothing was added to

  /** The empty sum over {@code cells} cells, without bins. */
  AttributionSum(int cells) {
    this(cells, 0);
  }

  /** The empty sum over {@code cells} cells, and by {@code bins} bins. */
  AttributionSum(int cells, int bins) {
    this.cells = cells;
    byBin = new BinSums(bins, cells);
  }

  /** The empty sum over as many cells and bins as this. */
  AttributionSum empty() {
    return new AttributionSum(cells, byBin.bins());
  }

  /**
   * The sum of one cluster, {@code [nSrc · nDst]} each.
   *
   * @param coarse the total by the coarser rule, where a rule is nested
   */
  private record Part(double[] direct, double[] throughCot, double[] coarse) {
    double total(int cell) {
      return direct[cell] + throughCot[cell];
    }
  }

  /** Adds one job's gradient with its weights in the fine and the coarse rule. */
  void add(
      int cluster, double weight, double coarseWeight, double[] directPart, double[] throughPart) {
    Part part = part(cluster);
    for (int cell = 0; cell < cells; cell++) {
      part.direct[cell] += weight * directPart[cell];
      part.throughCot[cell] += weight * throughPart[cell];
      part.coarse[cell] += coarseWeight * (directPart[cell] + throughPart[cell]);
    }
  }

  /** Adds one job's gradient by bin with its weight in the fine rule. */
  void addByBin(int cluster, double weight, GradientByBin gradient) {
    byBin.add(cluster, weight, gradient);
  }

  /** Adds everything in {@code other}. */
  void add(AttributionSum other) {
    byBin.add(other.byBin);
    for (int cluster = 0; cluster < parts.length; cluster++) {
      Part more = other.parts[cluster];
      if (more != null) {
        Part part = part(cluster);
        addTo(part.direct, more.direct);
        addTo(part.throughCot, more.throughCot);
        addTo(part.coarse, more.coarse);
      }
    }
  }

  /** Writes this for {@link #restore}. */
  void save(DataOutput out) throws IOException {
    Doubles.writeParts(
        out,
        parts,
        part -> {
          Doubles.write(out, part.direct);
          Doubles.write(out, part.throughCot);
          Doubles.write(out, part.coarse);
        });
    byBin.save(out);
  }

  /** Takes up what {@link #save} wrote of a sum of as many cells and bins. */
  void restore(DataInput in) throws IOException {
    for (int cluster = 0; cluster < parts.length; cluster++) {
      if (in.readBoolean()) {
        Part part = part(cluster);
        Doubles.read(in, part.direct);
        Doubles.read(in, part.throughCot);
        Doubles.read(in, part.coarse);
      }
    }
    byBin.restore(in);
  }

  private static void addTo(double[] sum, double[] more) {
    for (int cell = 0; cell < sum.length; cell++) {
      sum[cell] += more[cell];
    }
  }

  private Part part(int cluster) {
    if (parts[cluster] == null) {
      parts[cluster] = new Part(new double[cells], new double[cells], new double[cells]);
    }
    return parts[cluster];
  }

  /** The scores of each bin, called {@code names}. */
  List<BinScores> byBin(List<String> names, Clusters clusters) {
    return byBin.scores(names, clusters);
  }

  Scores direct(Clusters clusters) {
    return scores(clusters, (part, cell) -> part.direct[cell]);
  }

  Scores throughCot(Clusters clusters) {
    return scores(clusters, (part, cell) -> part.throughCot[cell]);
  }

  Scores total(Clusters clusters) {
    return scores(clusters, Part::total);
  }

  /** The total by the fine rule less the total by the coarse rule. */
  Scores refinement(Clusters clusters) {
    return scores(clusters, (part, cell) -> part.total(cell) - part.coarse[cell]);
  }

  /** The total by cluster; a view, right until more is added. */
  ClusterSums byCluster(Clusters clusters) {
    int count = clusters.count();
    return new ClusterSums(
        List.of(parts(count, Part::direct), parts(count, Part::throughCot)),
        IntStream.range(0, count).map(clusters::units).toArray());
  }

  private double[][] parts(int count, Function<Part, double[]> of) {
    return IntStream.range(0, count).mapToObj(c -> of.apply(part(c))).toArray(double[][]::new);
  }

  /** Σ_e of the total, by cluster. */
  double[] totalOverEdges(Clusters clusters) {
    double[] sums = new double[clusters.count()];
    Arrays.setAll(
        sums, c -> Arrays.stream(part(c).direct).sum() + Arrays.stream(part(c).throughCot).sum());
    return sums;
  }

  private interface Cells {
    double of(Part part, int cell);
  }

  private Scores scores(Clusters clusters, Cells sums) {
    return scores(clusters, cells, (cluster, cell) -> sums.of(part(cluster), cell));
  }

  /** Sums by cluster and cell. */
  interface Sums {
    double of(int cluster, int cell);
  }

  /** The means over all units of {@code cells} sums, with their errors. */
  static Scores scores(Clusters clusters, int cells, Sums sums) {
    double[] values = new double[cells];
    double[] errors = new double[cells];
    double[] byCluster = new double[clusters.count()];
    double[] overEdges = new double[clusters.count()];
    for (int cell = 0; cell < cells; cell++) {
      for (int cluster = 0; cluster < byCluster.length; cluster++) {
        byCluster[cluster] = sums.of(cluster, cell);
        overEdges[cluster] += byCluster[cluster];
      }
      var mean = clusters.mean(byCluster);
      values[cell] = mean.value();
      errors[cell] = mean.standardError();
    }
    return new Scores(values, errors, clusters.mean(overEdges));
  }
}
