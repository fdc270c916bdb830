package dev.cotrace.bench;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A straight line through points, by least squares.
 *
 * @param slope of the line
 * @param intercept its value at 0
 * @param slopeError standard error of the slope from the residuals; null with two points
 */
record Fit(double slope, double intercept, @Nullable Double slopeError) {
  /** The line through {@code (x, y)}, at least two points with different x. */
  static Fit of(double[] x, double[] y) {
    double meanX = Arrays.stream(x).average().orElseThrow();
    double meanY = Arrays.stream(y).average().orElseThrow();
    double covariance = 0;
    double variance = 0;
    for (int i = 0; i < x.length; i++) {
      covariance += (x[i] - meanX) * (y[i] - meanY);
      variance += (x[i] - meanX) * (x[i] - meanX);
    }
    double slope = covariance / variance;
    double intercept = meanY - slope * meanX;
    double squares = 0;
    for (int i = 0; i < x.length; i++) {
      double residual = y[i] - intercept - slope * x[i];
      squares += residual * residual;
    }
    int free = x.length - 2;
    return new Fit(slope, intercept, free == 0 ? null : Math.sqrt(squares / free / variance));
  }

  /** The line through the logarithms: its slope is the exponent of a power law. */
  static Fit ofLogarithms(double[] x, double[] y) {
    return of(Arrays.stream(x).map(Math::log).toArray(), Arrays.stream(y).map(Math::log).toArray());
  }
}
