package dev.cotrace.model;

import java.util.Arrays;

/** A tensor of a file as a test reads it: row-major values of any shape. */
final class NamedArray {
  private final String name;
  private final int[] shape;
  private final double[] values;

  NamedArray(String name, int[] shape, double[] values) {
    this.name = name;
    this.shape = shape.clone();
    this.values = values.clone();
  }

  /** The size of dimension {@code index}. */
  int dimension(int index) {
    return shape[index];
  }

  /**
   * A copy of the values below the leading indices {@code at}: all of them for none, a row of a
   * matrix for one.
   */
  double[] slice(int... at) {
    int size = values.length;
    int from = 0;
    for (int i = 0; i < at.length; i++) {
      if (at[i] < 0 || at[i] >= shape[i]) {
        throw new IndexOutOfBoundsException(
            "%s has shape %s, asked for %s"
                .formatted(name, Arrays.toString(shape), Arrays.toString(at)));
      }
      size /= shape[i];
      from += at[i] * size;
    }
    return Arrays.copyOfRange(values, from, from + size);
  }
}
