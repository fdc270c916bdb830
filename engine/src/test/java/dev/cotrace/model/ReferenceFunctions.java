package dev.cotrace.model;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** The functions of vectors that transformers are made of, written for reading. */
final class ReferenceFunctions {
  private ReferenceFunctions() {}

  /** {@code weight · x + bias}, weight {@code [out][in]}. */
  // Arrays in records: nothing here is ever compared or changed after it is made.
  @SuppressWarnings("ArrayRecordComponent")
  record Affine(double[][] weight, double[] bias) {
    double[] apply(double[] x) {
      double[] y = ReferenceDecoder.multiply(weight, x);
      Arrays.setAll(y, i -> y[i] + bias[i]);
      return y;
    }

    /** The outputs from {@code first} on. */
    Affine rows(int first, int count) {
      return new Affine(
          Arrays.copyOfRange(weight, first, first + count),
          Arrays.copyOfRange(bias, first, first + count));
    }

    /** The weights of the inputs from {@code first} on, {@code [out][count]}. */
    double[][] columns(int first, int count) {
      return Arrays.stream(weight)
          .map(row -> Arrays.copyOfRange(row, first, first + count))
          .toArray(double[][]::new);
    }
  }

  /** √(mean(x²) + ε). */
  static double root(double[] x, double epsilon) {
    return Math.sqrt(Arrays.stream(x).map(v -> v * v).average().orElseThrow() + epsilon);
  }

  /** LayerNorm (arXiv 1607.06450). */
  static double[] layerNorm(double[] weight, double[] bias, double epsilon, double[] x) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double[] offset = map(x, v -> v - mean);
    double root = root(offset, epsilon);
    double[] y = times(weight, map(offset, v -> v / root));
    Arrays.setAll(y, i -> y[i] + bias[i]);
    return y;
  }

  /** x · sigmoid(x). */
  static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  /** The tanh approximation of GELU (arXiv 1606.08415). */
  static double geluTanh(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  /** x · Φ(x), Φ the normal distribution: {@code (1 + erf(x / √2)) / 2}. */
  static double gelu(double x) {
    return 0.5 * x * (1 + erf(x / Math.sqrt(2)));
  }

  /**
   * The error function by its everywhere converging series {@code 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) /
   * (2n+1)!!} (Abramowitz and Stegun 7.1.6), whose terms all have the sign of x.
   */
  private static double erf(double x) {
    if (Math.abs(x) > 6) {
      return Math.signum(x); // 1 − erf(6) is 2e-17.
    }
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }

  /** {@code cap · tanh(x / cap)}, or x where there is no cap (0). */
  static double capped(double x, double cap) {
    return cap == 0 ? x : cap * Math.tanh(x / cap);
  }

  static double[] map(double[] x, DoubleUnaryOperator function) {
    return Arrays.stream(x).map(function).toArray();
  }

  /** Products of what stands at the same place. */
  static double[] times(double[] x, double[] y) {
    double[] product = new double[x.length];
    Arrays.setAll(product, i -> x[i] * y[i]);
    return product;
  }
}
