package dev.cotrace.format;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Seeded damage to a valid file, for fuzz tests. */
public final class Mutations {
  private static final long[] NASTY = {
    0, 1, -1, 0x7f, 0xff, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE
  };

  private Mutations() {}

  /** One to four edits: flipped bits, nasty words, cuts, insertions, copied stretches. */
  public static byte[] damage(byte[] original, SplittableRandom random) {
    byte[] bytes = original.clone();
    int edits = random.nextInt(1, 5);
    for (int i = 0; i < edits && bytes.length > 0; i++) {
      int at = random.nextInt(bytes.length);
      bytes =
          switch (random.nextInt(5)) {
            case 0 -> flipped(bytes, at, random.nextInt(8));
            case 1 -> overwritten(bytes, at, NASTY[random.nextInt(NASTY.length)]);
            case 2 -> Arrays.copyOf(bytes, at);
            case 3 -> spliced(bytes, at, new byte[] {(byte) random.nextInt()});
            default -> {
              int from = random.nextInt(bytes.length);
              int to = Math.min(bytes.length, from + random.nextInt(64));
              yield spliced(bytes, at, Arrays.copyOfRange(bytes, from, to));
            }
          };
    }
    return bytes;
  }

  private static byte[] flipped(byte[] bytes, int at, int bit) {
    bytes[at] ^= (byte) (1 << bit);
    return bytes;
  }

  private static byte[] overwritten(byte[] bytes, int at, long word) {
    for (int i = 0; i < 8 && at + i < bytes.length; i++) {
      bytes[at + i] = (byte) (word >> (8 * i));
    }
    return bytes;
  }

  private static byte[] spliced(byte[] bytes, int at, byte[] extra) {
    byte[] result = new byte[bytes.length + extra.length];
    System.arraycopy(bytes, 0, result, 0, at);
    System.arraycopy(extra, 0, result, at, extra.length);
    System.arraycopy(bytes, at, result, at + extra.length, bytes.length - at);
    return result;
  }
}
