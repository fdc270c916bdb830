package dev.cotrace;

import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.Estimate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The mean of what came so far, with its cluster-robust standard error. */
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

  /** NaN is the error of a single cluster. */
  Estimate estimate() {
    int[] units = clusters.values().stream().mapToInt(cluster -> cluster.count).toArray();
    double[] means =
        clusters.values().stream().mapToDouble(cluster -> cluster.sum / cluster.count).toArray();
    return new Estimate(sum / count, new ClusterSums(List.of(), units).standardError(means));
  }
}
