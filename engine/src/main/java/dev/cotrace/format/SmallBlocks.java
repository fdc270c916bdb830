package dev.cotrace.format;

import static dev.cotrace.format.Dequantiser.half;

/**
 * Blocks of 32 elements with one scale d (and one minimum m). In the 4- and 5-bit types element j
 * &lt; 16 is the low nibble of byte j, element j + 16 its high nibble.
 */
final class SmallBlocks {
  private static final int HALF = 16;

  private SmallBlocks() {}

  /** {@code d f16, qs[16]}; value = d (q − 8). */
  static void q40(byte[] block, float[] out, int at) {
    float d = half(block, 0);
    for (int j = 0; j < HALF; j++) {
      int q = block[2 + j];
      out[at + j] = d * ((q & 15) - 8);
      out[at + j + HALF] = d * (((q >> 4) & 15) - 8);
    }
  }

  /** {@code d f16, m f16, qs[16]}; value = d q + m. */
  static void q41(byte[] block, float[] out, int at) {
    float d = half(block, 0);
    float m = half(block, 2);
    for (int j = 0; j < HALF; j++) {
      int q = block[4 + j];
      out[at + j] = d * (q & 15) + m;
      out[at + j + HALF] = d * ((q >> 4) & 15) + m;
    }
  }

  /** {@code d f16, qh u32, qs[16]}; bit j of qh is bit 4 of element j; value = d (q − 16). */
  static void q50(byte[] block, float[] out, int at) {
    float d = half(block, 0);
    int high = word(block, 2);
    for (int j = 0; j < HALF; j++) {
      int q = block[6 + j];
      out[at + j] = d * (((q & 15) | fifthBit(high, j)) - 16);
      out[at + j + HALF] = d * ((((q >> 4) & 15) | fifthBit(high, j + HALF)) - 16);
    }
  }

  /** {@code d f16, m f16, qh u32, qs[16]}; value = d q + m. */
  static void q51(byte[] block, float[] out, int at) {
    float d = half(block, 0);
    float m = half(block, 2);
    int high = word(block, 4);
    for (int j = 0; j < HALF; j++) {
      int q = block[8 + j];
      out[at + j] = d * ((q & 15) | fifthBit(high, j)) + m;
      out[at + j + HALF] = d * (((q >> 4) & 15) | fifthBit(high, j + HALF)) + m;
    }
  }

  /** {@code d f16, i8[32]}; value = d q. */
  static void q80(byte[] block, float[] out, int at) {
    float d = half(block, 0);
    for (int j = 0; j < 2 * HALF; j++) {
      out[at + j] = d * block[2 + j];
    }
  }

  private static int fifthBit(int high, int element) {
    return ((high >>> element) & 1) << 4;
  }

  private static int word(byte[] block, int at) {
    return (block[at] & 0xff)
        | (block[at + 1] & 0xff) << 8
        | (block[at + 2] & 0xff) << 16
        | block[at + 3] << 24;
  }
}
