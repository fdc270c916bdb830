package dev.cotrace.attribution;

import dev.cotrace.circuit.Estimate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;

/**
 * Faithfulness f against size, and the areas that MIB (Mueller et al. 2025) ranks circuits by. A
 * size is a share of all edges as it was asked for, on a linear axis; points are joined by straight
 * lines.
 */
public final class FaithfulnessCurve {
  private final List<Point> points = new ArrayList<>();

  private record Point(double share, Worth worth) {}

  /**
   * Adds a circuit.
   *
   * @param share its edges of all that there are, as asked for
   * @param worth of the same J(0) and J(1) as the others'
   */
  public void add(double share, Worth worth) {
    points.add(new Point(share, worth));
    points.sort(Comparator.comparingDouble(Point::share));
  }

  /** CPR, {@code ∫ f}; NaN where there are less than two sizes. */
  public Estimate cpr() {
    return area(Worth::gained);
  }

  /** CMD, {@code ∫ |1 − f|}; NaN where there are less than two sizes. */
  public Estimate cmd() {
    return area(worth -> {
      double[] missing = worth.missing();
      double sign = worth.share(missing).value() < 0 ? -1 : 1;
      for (int cluster = 0; cluster < missing.length; cluster++) {
        missing[cluster] *= sign;
      }
      return missing;
    });
  }

  /** The area under what {@code height} gives as sums by cluster: a ratio like f itself. */
  private Estimate area(Function<Worth, double[]> height) {
    if (points.size() < 2) {
      return new Estimate(Double.NaN, Double.NaN);
    }
    Worth any = points.getFirst().worth;
    double[] area = new double[any.gained().length];
    for (int i = 0; i < points.size(); i++) {
      double[] heights = height.apply(points.get(i).worth);
      for (int cluster = 0; cluster < area.length; cluster++) {
        area[cluster] += width(i) * heights[cluster];
      }
    }
    return any.share(area);
  }

  /** What the point {@code i} counts for in the trapezoidal rule. */
  private double width(int i) {
    double before = i == 0 ? 0 : points.get(i).share - points.get(i - 1).share;
    double after = i == points.size() - 1 ? 0 : points.get(i + 1).share - points.get(i).share;
    return (before + after) / 2;
  }
}
