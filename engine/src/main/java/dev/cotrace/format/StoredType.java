package dev.cotrace.format;

/**
 * How a tensor's elements lie in a file, little endian. Quantised types store elements in blocks
 * that share scales; for all others a block is one element.
 */
public enum StoredType {
  F64(1, 8),
  F32(1, 4),
  F16(1, 2),
  BF16(1, 2),
  /** Four bits of exponent, three of fraction, no infinity. */
  F8_E4M3(1, 1),
  /** Five bits of exponent, two of fraction: the upper half of an F16. */
  F8_E5M2(1, 1),
  I64(1, 8),
  I32(1, 4),
  I16(1, 2),
  I8(1, 1),
  U8(1, 1),
  BOOL(1, 1),
  Q4_0(32, 18),
  Q4_1(32, 20),
  Q5_0(32, 22),
  Q5_1(32, 24),
  Q8_0(32, 34),
  Q4_K(256, 144),
  Q5_K(256, 176),
  Q6_K(256, 210);

  private final int blockElements;
  private final int blockBytes;

  StoredType(int blockElements, int blockBytes) {
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** Elements per block. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes per block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Whether the elements are floating-point numbers stored one by one. */
  public boolean floating() {
    return switch (this) {
      case F64, F32, F16, BF16, F8_E4M3, F8_E5M2 -> true;
      default -> false;
    };
  }

  /** Whether the elements are stored in blocks with shared scales. */
  public boolean quantised() {
    return blockElements > 1;
  }

  /**
   * Bytes that {@code elements} elements take.
   *
   * @param elements a multiple of {@link #blockElements()}
   * @throws ArithmeticException when the size exceeds a {@code long}
   */
  public long bytes(long elements) {
    if (elements % blockElements != 0) {
      throw new IllegalArgumentException(
          "expected a multiple of %d elements for %s, got %d"
              .formatted(blockElements, this, elements));
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }
}
