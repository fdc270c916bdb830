package dev.cotrace.truth;

/**
 * Coordinates of the residual stream with a name. They hold one of {@code size} values as a one in
 * its place among zeros, or nothing: zeros.
 *
 * @param name unique in a program
 * @param size number of values
 */
record Register(String name, int size) {
  /** The coordinate that is one where the register holds {@code value}. */
  Cell at(int value) {
    return new Cell(this, value);
  }

  /** One coordinate of a register. */
  record Cell(Register register, int value) {
    /** Refuses a value that the register cannot hold. */
    Cell {
      if (value < 0 || value >= register.size) {
        throw new IllegalArgumentException(
            "register %s holds values below %d, got %d"
                .formatted(register.name, register.size, value));
      }
    }
  }
}
