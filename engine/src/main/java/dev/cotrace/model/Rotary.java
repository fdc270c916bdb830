package dev.cotrace.model;

import java.util.Arrays;

/**
 * Rotary position embedding in the half-split convention of Hugging Face (RoFormer, arXiv
 * 2104.09864).
 *
 * <p>Plane i is made of dimensions i and i + R/2 of a head, where R ≤ dHead is the number of
 * dimensions that turn; the others pass as they are.
 *
 * @param inverseFrequencies radians a position turns each of the R/2 planes; empty for none
 */
public record Rotary(double[] inverseFrequencies) {
  /** More than any head has; frequencies are listed before a file's tensors are looked at. */
  private static final int MOST = 1 << 16;

  /** No rotation: the model has learned positions. */
  public static final Rotary NONE = new Rotary(new double[0]);

  /** Checks that every plane turns by some angle. */
  public Rotary {
    for (double frequency : inverseFrequencies) {
      if (!Double.isFinite(frequency)) {
        throw new IllegalArgumentException(
            "rotary positions turn by finite angles, got " + frequency);
      }
    }
  }

  /**
   * The scaling of Llama 3's long-context models.
   *
   * @param factor how much slower the slowest planes turn
   * @param lowFrequency planes with fewer turns than this over the original context are slowed by
   *     {@code factor}
   * @param highFrequency planes with more turns than this are left alone
   * @param originalPositions context length before scaling
   */
  public record Llama3Scaling(
      double factor, double lowFrequency, double highFrequency, double originalPositions) {}

  /**
   * Plain rotary positions: plane i turns {@code theta^(−2i/n)} radians a position.
   *
   * @param dimensions n, how many dimensions of a head are to turn: rounded up to whole planes; 0
   *     for none
   */
  public static Rotary of(double theta, int dimensions) {
    if (dimensions < 0 || dimensions > MOST) {
      throw new IllegalArgumentException(
          "rotary positions turn 0 to %d dimensions of a head, got %d".formatted(MOST, dimensions));
    }
    double[] frequencies = new double[(dimensions + 1) / 2];
    Arrays.setAll(frequencies, i -> Math.pow(theta, -2.0 * i / dimensions));
    return new Rotary(frequencies);
  }

  /** R, how many dimensions of a head turn. */
  public int dimensions() {
    return 2 * inverseFrequencies.length;
  }

  /** Every plane turns slower by {@code factor}. */
  public Rotary slowedBy(double factor) {
    return new Rotary(Arrays.stream(inverseFrequencies).map(f -> f / factor).toArray());
  }

  /** Plane i turns slower by {@code divisors[i]} (GGUF's {@code rope_freqs}). */
  public Rotary dividedBy(double[] divisors) {
    if (divisors.length != inverseFrequencies.length) {
      throw new IllegalArgumentException(
          "rotary divisors: expected %d, got %d"
              .formatted(inverseFrequencies.length, divisors.length));
    }
    double[] frequencies = new double[divisors.length];
    Arrays.setAll(frequencies, i -> inverseFrequencies[i] / divisors[i]);
    return new Rotary(frequencies);
  }

  /** Slow planes turn slower, fast ones as before, those between by an interpolated amount. */
  public Rotary scaled(Llama3Scaling scaling) {
    return new Rotary(Arrays.stream(inverseFrequencies).map(f -> scale(f, scaling)).toArray());
  }

  private static double scale(double frequency, Llama3Scaling s) {
    double turns = s.originalPositions * frequency / (2 * Math.PI);
    if (turns < s.lowFrequency) {
      return frequency / s.factor;
    }
    if (turns > s.highFrequency) {
      return frequency;
    }
    double smooth = (turns - s.lowFrequency) / (s.highFrequency - s.lowFrequency);
    return (1 - smooth) * frequency / s.factor + smooth * frequency;
  }

  /** Whether there is any rotation. */
  public boolean enabled() {
    return inverseFrequencies.length > 0;
  }

  /** Angles of each of {@code positions}, row-major {@code [positions, R]}, both halves alike. */
  double[] angles(long[] positions) {
    int half = inverseFrequencies.length;
    double[] angles = new double[Math.multiplyExact(positions.length, 2 * half)];
    Arrays.setAll(angles, i -> positions[i / (2 * half)] * inverseFrequencies[i % half]);
    return angles;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Rotary that
        && Arrays.equals(inverseFrequencies, that.inverseFrequencies);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(inverseFrequencies);
  }
}
