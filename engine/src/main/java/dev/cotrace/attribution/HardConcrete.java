package dev.cotrace.attribution;

import java.util.Arrays;

/**
 * Random gates in [0, 1] that are exactly 0 or 1 with positive probability and have a derivative in
 * their parameter log α all the same: the hard concrete distribution (Louizos, Welling and Kingma
 * 2018, arXiv 1712.01312), with the constants given there.
 */
final class HardConcrete {
  private static final double BETA = 2.0 / 3;
  private static final double GAMMA = -0.1;
  private static final double ZETA = 1.1;

  private HardConcrete() {}

  /** The gates at uniform numbers in (0, 1). */
  static double[] gates(double[] logAlpha, double[] uniform) {
    double[] z = new double[logAlpha.length];
    Arrays.setAll(z, i -> Math.clamp(stretched(concrete(logAlpha[i], uniform[i])), 0, 1));
    return z;
  }

  /** ∂z/∂ log α of each gate: 0 where it is 0 or 1. */
  static double[] slopes(double[] logAlpha, double[] uniform) {
    double[] slopes = new double[logAlpha.length];
    Arrays.setAll(
        slopes,
        i -> {
          double s = concrete(logAlpha[i], uniform[i]);
          boolean between = stretched(s) > 0 && stretched(s) < 1;
          return between ? (ZETA - GAMMA) * s * (1 - s) / BETA : 0;
        });
    return slopes;
  }

  /** The probability that a gate is not 0. */
  static double open(double logAlpha) {
    return sigmoid(logAlpha - BETA * Math.log(-GAMMA / ZETA));
  }

  /** Its derivative in log α. */
  static double openSlope(double logAlpha) {
    return open(logAlpha) * (1 - open(logAlpha));
  }

  private static double concrete(double logAlpha, double uniform) {
    return sigmoid((Math.log(uniform) - Math.log1p(-uniform) + logAlpha) / BETA);
  }

  private static double stretched(double s) {
    return s * (ZETA - GAMMA) + GAMMA;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
