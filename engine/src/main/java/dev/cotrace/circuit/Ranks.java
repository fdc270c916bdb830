package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Ranks of numbers and what they have in common. */
final class Ranks {
  private Ranks() {}

  /** Spearman's rank correlation; NaN where all numbers of one side are equal, or one is NaN. */
  static double correlation(double[] a, double[] b) {
    if (DoubleStream.concat(Arrays.stream(a), Arrays.stream(b)).anyMatch(Double::isNaN)) {
      return Double.NaN;
    }
    return pearson(of(a), of(b));
  }

  /** The rank of each number, the smallest 0; equal ones share their mean rank. */
  private static double[] of(double[] values) {
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> values[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] ranks = new double[values.length];
    int from = 0;
    for (int to = 1; to <= order.length; to++) {
      if (to == order.length || values[order[to]] != values[order[from]]) {
        for (int i = from; i < to; i++) {
          ranks[order[i]] = (from + to - 1) / 2.0;
        }
        from = to;
      }
    }
    return ranks;
  }

  /** Pearson's correlation; NaN where all numbers of one side are equal. */
  static double pearson(double[] a, double[] b) {
    double meanA = mean(a);
    double meanB = mean(b);
    double product = 0;
    double squareA = 0;
    double squareB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (a[i] - meanA) * (b[i] - meanB);
      squareA += (a[i] - meanA) * (a[i] - meanA);
      squareB += (b[i] - meanB) * (b[i] - meanB);
    }
    return product / Math.sqrt(squareA * squareB);
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
