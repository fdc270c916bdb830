package dev.cotrace.gate;

import java.util.Arrays;

/**
 * A value for every source's output, for every position alike or for each of the first positions.
 *
 * @param sources number of sources
 * @param width width of the residual stream D
 * @param positions number of positions P with values of their own
 * @param overall {@code [sources, D]}, for all other positions
 * @param positional {@code [sources, P, D]}
 * @param units values of hidden units and features, by cell; empty where these are zero
 */
public record SourceValues(
    int sources, int width, int positions, float[] overall, float[] positional, float[] units) {
  /** Values of sources alone. */
  public SourceValues(int sources, int width, int positions, float[] overall, float[] positional) {
    this(sources, width, positions, overall, positional, new float[0]);
  }

  /** Refuses arrays of another size. */
  public SourceValues {
    long size = (long) sources * width;
    if (overall.length != size || positional.length != size * positions) {
      throw new IllegalArgumentException(
          "values of %d sources, %d wide, at %d positions: expected %d and %d numbers, got %d and %d"
              .formatted(
                  sources,
                  width,
                  positions,
                  size,
                  size * positions,
                  overall.length,
                  positional.length));
    }
  }

  /** Nothing from any source. */
  public static SourceValues zero(int sources, int width) {
    return new SourceValues(sources, width, 0, new float[sources * width], new float[0]);
  }

  /**
   * The same values at all positions.
   *
   * @param values {@code [sources, D]}
   */
  public static SourceValues everywhere(int sources, int width, double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return new SourceValues(sources, width, 0, narrow, new float[0]);
  }

  /** Whether {@code other} has the same values. */
  public boolean sameAs(SourceValues other) {
    return positions == other.positions
        && Arrays.equals(overall, other.overall)
        && Arrays.equals(positional, other.positional)
        && Arrays.equals(units, other.units);
  }

  /** The values for all positions alike. */
  public SourceValues withoutPositions() {
    return new SourceValues(sources, width, 0, overall, new float[0], units);
  }

  /**
   * The values of {@code source} at the first {@code count} positions, then those for all others,
   * {@code [count + 1, D]}.
   */
  float[] rows(int source, int count) {
    int first = source * positions * width;
    float[] rows = Arrays.copyOfRange(positional, first, first + (count + 1) * width);
    System.arraycopy(overall, source * width, rows, count * width, width);
    return rows;
  }
}
