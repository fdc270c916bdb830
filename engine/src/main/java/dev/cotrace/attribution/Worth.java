package dev.cotrace.attribution;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import java.util.Arrays;

/**
 * J of a circuit between J(0) and J(1), kept by cluster: all three come from the same random
 * numbers, so that what they have in common drops out of differences.
 */
public final class Worth {
  private final Clusters clusters;
  private final int edges;
  private final double[] circuit;
  private final double[] corrupted;
  private final double[] clean;

  /**
   * Sums by cluster.
   *
   * @param edges number of edges of the circuit
   * @param circuit J(C)
   * @param corrupted J(0)
   * @param clean J(1)
   */
  Worth(Clusters clusters, int edges, double[] circuit, double[] corrupted, double[] clean) {
    this.clusters = clusters;
    this.edges = edges;
    this.circuit = circuit;
    this.corrupted = corrupted;
    this.clean = clean;
  }

  /** J(C) and the faithfulness, which is NaN where J(1) equals J(0). */
  public Faithfulness faithfulness() {
    return new Faithfulness(edges, clusters.mean(circuit), share(gained()));
  }

  /** The faithfulness of this less that of {@code other}, of the same J(0) and J(1). */
  public Estimate minus(Worth other) {
    return share(less(circuit, other.circuit));
  }

  /** J(C) − J(0). */
  double[] gained() {
    return less(circuit, corrupted);
  }

  /** J(1) − J(C). */
  double[] missing() {
    return less(clean, circuit);
  }

  /** {@code sums} as a share of J(1) − J(0). */
  Estimate share(double[] sums) {
    return clusters.ratio(sums, less(clean, corrupted));
  }

  /** a − b, cluster by cluster. */
  static double[] less(double[] a, double[] b) {
    double[] difference = new double[a.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return difference;
  }
}
