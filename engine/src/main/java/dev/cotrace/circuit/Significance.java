package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * What standard errors say about scores, all row-major {@code [nSrc, nDst]}.
 *
 * <p>Student's t with one degree of freedom less than there are clusters, for differences of runs
 * with Welch's ({@link Difference}). A score without error is certain: its interval is a point, and
 * its q-value is 0 when it is not zero. What is certainly zero, as a feature that was never active,
 * poses no question: its q-value is 1, and those of others are as if it were not there. Cells
 * without an edge have score 0 and q-value 1.
 *
 * @param q Benjamini–Hochberg q-values of the two-sided hypotheses that an edge's score is zero,
 *     over all edges: among the edges with q ≤ x the expected share of such edges is at most x
 *     (Benjamini and Hochberg 1995); NaN where the error is
 * @param low lower ends of the confidence intervals of level {@link #LEVEL}, in the unit of J; NaN
 *     where the error is
 * @param high upper ends
 */
public record Significance(double[] q, double[] low, double[] high) {
  /** Level of each edge's own confidence interval. */
  public static final double LEVEL = 0.95;

  /**
   * Judges {@code scores}.
   *
   * @param clusters number of independent clusters behind their errors
   */
  public static Significance of(Units units, Scores scores, int clusters) {
    return of(units, scores, _ -> Math.max(1, clusters - 1));
  }

  /**
   * Judges {@code scores}.
   *
   * @param degreesOfFreedom of the error at each cell, above zero; not asked where it is NaN
   */
  static Significance of(Units units, Scores scores, IntToDoubleFunction degreesOfFreedom) {
    Map<Double, Student> students = new HashMap<>();
    IntFunction<Student> student =
        cell -> students.computeIfAbsent(degreesOfFreedom.applyAsDouble(cell), Student::of);
    int[] edges = units.unitCells();
    double[] p = new double[edges.length];
    double[] low = scores.values().clone();
    double[] high = scores.values().clone();
    for (int i = 0; i < edges.length; i++) {
      Estimate score = scores.at(edges[i]);
      boolean known = Double.isFinite(score.standardError());
      boolean nothing = score.value() == 0 && score.standardError() == 0;
      p[i] = known && !nothing ? student.apply(edges[i]).p(score) : Double.NaN;
    }
    for (int cell = 0; cell < low.length; cell++) {
      double error = scores.standardErrors()[cell];
      if (error != 0) {
        double width = Double.isFinite(error) ? student.apply(cell).width() * error : Double.NaN;
        low[cell] -= width;
        high[cell] += width;
      }
    }
    double[] adjusted = benjaminiHochberg(p);
    double[] q = new double[units.cells()];
    Arrays.fill(q, 1);
    for (int i = 0; i < edges.length; i++) {
      boolean unknown = Double.isNaN(scores.standardErrors()[edges[i]]);
      q[edges[i]] = Double.isNaN(adjusted[i]) && !unknown ? 1 : adjusted[i];
    }
    return new Significance(q, low, high);
  }

  /**
   * Student's distribution.
   *
   * @param width half of a confidence interval, in standard errors
   */
  private record Student(TDistribution t, double width) {
    static Student of(double degreesOfFreedom) {
      TDistribution t = TDistribution.of(degreesOfFreedom);
      return new Student(t, t.inverseSurvivalProbability((1 - LEVEL) / 2));
    }

    /** The two-sided p-value of {@code score}. */
    double p(Estimate score) {
      double statistic = Math.abs(score.value()) / score.standardError();
      return Double.isNaN(statistic) ? Double.NaN : 2 * t.survivalProbability(statistic);
    }
  }

  /** {@code q_(i) = min_{j ≥ i} p_(j) · m / j} over the m values that are numbers. */
  static double[] benjaminiHochberg(double[] p) {
    int[] ascending =
        IntStream.range(0, p.length)
            .filter(i -> !Double.isNaN(p[i]))
            .boxed()
            .sorted(Comparator.comparingDouble(i -> p[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] q = new double[p.length];
    Arrays.fill(q, Double.NaN);
    double least = 1;
    for (int rank = ascending.length; rank > 0; rank--) {
      int i = ascending[rank - 1];
      least = Math.min(least, p[i] * ascending.length / rank);
      q[i] = least;
    }
    return q;
  }

  /** Number of edges whose q-value is below {@code level}. */
  public int edgesBelow(double level) {
    return Math.toIntExact(Arrays.stream(q).filter(value -> value < level).count());
  }
}
