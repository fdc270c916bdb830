package dev.cotrace.attribution;

import java.util.Arrays;

/**
 * The nested 7/15-point Gauss–Kronrod pair (Kronrod 1965; values as in QUADPACK's qk15), mapped to
 * [0, 1].
 */
final class GaussKronrod {
  private static final double[] POSITIVE_NODES = {
    0.9914553711208126,
    0.9491079123427585,
    0.8648644233597691,
    0.7415311855993945,
    0.5860872354676911,
    0.4058451513773972,
    0.20778495500789848,
    0.0
  };
  private static final double[] KRONROD = {
    0.022935322010529224,
    0.06309209262997856,
    0.10479001032225019,
    0.14065325971552592,
    0.1690047266392679,
    0.19035057806478542,
    0.20443294007529889,
    0.20948214108472782
  };
  private static final double[] GAUSS = {
    0, 0.1294849661688697, 0, 0.27970539148927664, 0, 0.3818300505051189, 0, 0.4179591836734694
  };

  /** The 15 nodes in [0, 1], ascending. */
  static final double[] NODES = new double[15];

  /** Their weights in the 15-point rule. */
  static final double[] FINE = new double[15];

  /** Their weights in the 7-point rule; zero for the nodes it does not have. */
  static final double[] COARSE = new double[15];

  static {
    Arrays.setAll(NODES, k -> (1 + (k < 8 ? -POSITIVE_NODES[k] : POSITIVE_NODES[14 - k])) / 2);
    Arrays.setAll(FINE, k -> KRONROD[Math.min(k, 14 - k)] / 2);
    Arrays.setAll(COARSE, k -> GAUSS[Math.min(k, 14 - k)] / 2);
  }

  private GaussKronrod() {}
}
