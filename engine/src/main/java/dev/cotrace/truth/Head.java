package dev.cotrace.truth;

/**
 * An attention head: adds {@code gain} times what register {@code from} holds at the attended
 * position to register {@code to}.
 *
 * @param to of the size of {@code from}
 * @param gain 1 for a copy; more makes it louder, which does not make it matter
 */
record Head(Attend attend, Register from, Register to, double gain) {
  /** Refuses registers of different sizes. */
  Head {
    if (from.size() != to.size()) {
      throw new IllegalArgumentException(
          "a head copies between registers of one size, got %s and %s".formatted(from, to));
    }
  }

  /** A plain copy. */
  static Head copy(Attend attend, Register from, Register to) {
    return new Head(attend, from, to, 1);
  }
}
