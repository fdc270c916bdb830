package dev.cotrace.format;

import java.util.Arrays;

/** The one product every reader needs, with its overflow. */
final class Shapes {
  private Shapes() {}

  /**
   * Product of {@code shape}; 1 for a scalar.
   *
   * @throws IllegalArgumentException for a negative dimension or a product beyond a {@code long}
   */
  static long elements(String name, long[] shape) {
    long product = 1;
    boolean empty = false;
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            "tensor %s: expected dimensions of at least 0, got shape %s"
                .formatted(name, Arrays.toString(shape)));
      }
      empty |= dimension == 0;
    }
    if (empty) {
      return 0;
    }
    try {
      for (long dimension : shape) {
        product = Math.multiplyExact(product, dimension);
      }
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "tensor %s: expected fewer than 2^63 elements, got shape %s"
              .formatted(name, Arrays.toString(shape)),
          e);
    }
    return product;
  }
}
