package dev.cotrace.format;

import static dev.cotrace.format.Dequantiser.half;

/** The K-quants: blocks of 256 elements in sub-blocks that have scales of their own. */
final class SuperBlocks {
  private SuperBlocks() {}

  /**
   * {@code d f16, dmin f16, scales[12], qs[128]}; value = d sc q − dmin mn, with 6-bit sc and mn
   * per sub-block of 32. Each 32 bytes of qs hold sub-block 2p in their low nibbles and 2p + 1 in
   * their high ones.
   */
  static void q4k(byte[] block, float[] out, int at) {
    for (int sub = 0; sub < 8; sub++) {
      float d = half(block, 0) * scale(block, sub);
      float min = half(block, 2) * minimum(block, sub);
      int nibbles = 16 + 32 * (sub / 2);
      int shift = 4 * (sub % 2);
      for (int l = 0; l < 32; l++) {
        int q = (block[nibbles + l] >> shift) & 15;
        out[at + 32 * sub + l] = d * q - min;
      }
    }
  }

  /**
   * {@code d f16, dmin f16, scales[12], qh[32], qs[128]}; as {@link #q4k} with bit {@code sub} of
   * qh[l] as bit 4.
   */
  static void q5k(byte[] block, float[] out, int at) {
    for (int sub = 0; sub < 8; sub++) {
      float d = half(block, 0) * scale(block, sub);
      float min = half(block, 2) * minimum(block, sub);
      int nibbles = 48 + 32 * (sub / 2);
      int shift = 4 * (sub % 2);
      for (int l = 0; l < 32; l++) {
        int high = (block[16 + l] >> sub) & 1;
        int q = ((block[nibbles + l] >> shift) & 15) | high << 4;
        out[at + 32 * sub + l] = d * q - min;
      }
    }
  }

  /**
   * {@code ql[128], qh[64], scales i8[16], d f16}; value = d sc (q − 32), one scale per 16
   * elements. Each half of 128 elements takes 64 bytes of ql and 32 of qh.
   */
  static void q6k(byte[] block, float[] out, int at) {
    float d = half(block, 208);
    for (int element = 0; element < 256; element++) {
      int half = element / 128;
      int quarter = element % 128 / 32;
      int l = element % 32;
      int low = block[64 * half + 32 * (quarter % 2) + l] >> (4 * (quarter / 2));
      int high = block[128 + 32 * half + l] >> (2 * quarter);
      int q = (low & 15) | (high & 3) << 4;
      out[at + element] = d * block[192 + element / 16] * (q - 32);
    }
  }

  /** 6-bit scale of a sub-block, packed as ggml's {@code get_scale_min_k4} unpacks it. */
  private static int scale(byte[] block, int sub) {
    return sub < 4
        ? block[4 + sub] & 63
        : (block[4 + sub + 4] & 15) | ((block[4 + sub - 4] & 0xff) >> 6) << 4;
  }

  private static int minimum(byte[] block, int sub) {
    return sub < 4
        ? block[4 + sub + 4] & 63
        : ((block[4 + sub + 4] & 0xff) >> 4) | ((block[4 + sub] & 0xff) >> 6) << 4;
  }
}
