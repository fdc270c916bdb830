package dev.cotrace.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Where the counts, lengths, types, dimensions and offsets of a valid GGUF file lie. */
public final class GgufFields {
  private static final long[] NASTY = {
    0, 1, -1, 9, 31, 255, 1 << 20, 1 << 30, Integer.MAX_VALUE, 1L << 32, 1L << 62, Long.MAX_VALUE
  };
  private static final int[] SIZES = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  private static final int TEXT = 8;
  private static final int ARRAY = 9;

  private final ByteBuffer file;
  private final List<Integer> words = new ArrayList<>(); // positions of u64
  private final List<Integer> halves = new ArrayList<>(); // positions of u32

  public GgufFields(byte[] bytes) {
    file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(8);
    long tensors = word();
    long entries = word();
    for (int i = 0; i < entries; i++) {
      text();
      value(half());
    }
    for (int i = 0; i < tensors; i++) {
      text();
      int rank = half();
      for (int d = 0; d < rank; d++) {
        word();
      }
      half();
      word();
    }
  }

  /** The file with one to three fields that lie, mostly by a little or by another field's value. */
  public byte[] damage(SplittableRandom random) {
    ByteBuffer copy = ByteBuffer.wrap(file.array().clone()).order(ByteOrder.LITTLE_ENDIAN);
    int edits = random.nextInt(1, 4);
    for (int i = 0; i < edits; i++) {
      int other = words.get(random.nextInt(words.size()));
      long lie =
          switch (random.nextInt(3)) {
            case 0 -> NASTY[random.nextInt(NASTY.length)];
            case 1 -> copy.getLong(other);
            default -> 0;
          };
      if (random.nextInt(3) > 0) {
        int at = words.get(random.nextInt(words.size()));
        copy.putLong(at, lie == 0 ? copy.getLong(at) + random.nextInt(-40, 41) : lie);
      } else {
        copy.putInt(halves.get(random.nextInt(halves.size())), (int) (lie % 40));
      }
    }
    return copy.array();
  }

  private void value(int type) {
    if (type == TEXT) {
      text();
    } else if (type == ARRAY) {
      int items = half();
      long count = word();
      for (long i = 0; i < count; i++) {
        value(items);
      }
    } else if (SIZES[type] == 4) {
      half();
    } else if (SIZES[type] == 8) {
      word();
    } else {
      file.position(file.position() + SIZES[type]);
    }
  }

  private void text() {
    int length = Math.toIntExact(word());
    file.position(file.position() + length);
  }

  private long word() {
    words.add(file.position());
    return file.getLong();
  }

  private int half() {
    halves.add(file.position());
    return file.getInt();
  }
}
