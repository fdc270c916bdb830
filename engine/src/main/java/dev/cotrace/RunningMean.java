package dev.cotrace;

import dev.cotrace.circuit.Estimate;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The mean of what came so far, with its cluster-robust standard error (docs/method.md, Errors).
 */
final class RunningMean {
  private final Map<String, Cluster> clusters = new LinkedHashMap<>();
  private double sum;
  private int count;

  private static final class Cluster {
    private double sum;
    private int count;
  }

  /** Adds {@code value} to {@code cluster}. */
  void add(String cluster, double value) {
    Cluster own = clusters.computeIfAbsent(cluster, _ -> new Cluster());
    own.sum += value;
    own.count++;
    sum += value;
    count++;
  }

  /** {@code C/(C − 1) · Σ_c (S_c − n_c · mean)² / N²} is its error squared; NaN for one cluster. */
  Estimate estimate() {
    double mean = sum / count;
    double squares = 0;
    for (Cluster cluster : clusters.values()) {
      double residual = cluster.sum - cluster.count * mean;
      squares += residual * residual;
    }
    double size = clusters.size();
    return new Estimate(mean, Math.sqrt(size / (size - 1) * squares) / count);
  }
}
