package dev.cotrace.attribution;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Arrays of doubles in checkpoints: many at a time, since there are many. */
final class Doubles {
  private static final int AT_ONCE = 1 << 13;

  private Doubles() {}

  /** Writes {@code values}; their number is known to who reads them. */
  static void write(DataOutput out, double[] values) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(AT_ONCE * Double.BYTES);
    for (int from = 0; from < values.length; from += AT_ONCE) {
      int count = Math.min(AT_ONCE, values.length - from);
      bytes.asDoubleBuffer().put(values, from, count);
      out.write(bytes.array(), 0, count * Double.BYTES);
    }
  }

  /** Reads as many as {@code values} has. */
  static void read(DataInput in, double[] values) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(AT_ONCE * Double.BYTES);
    for (int from = 0; from < values.length; from += AT_ONCE) {
      int count = Math.min(AT_ONCE, values.length - from);
      in.readFully(bytes.array(), 0, count * Double.BYTES);
      bytes.asDoubleBuffer().get(values, from, count);
    }
  }

  /** Writes an array with its length. */
  static void writeAll(DataOutput out, double[] values) throws IOException {
    out.writeInt(values.length);
    write(out, values);
  }

  /** Reads an array of the length that was written, at most {@code most}. */
  static double[] readAll(DataInput in, int most) throws IOException {
    double[] values = new double[length(in, most)];
    read(in, values);
    return values;
  }

  /** A length that was written, at most {@code most}. */
  static int length(DataInput in, int most) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > most) {
      throw new IOException("expected at most %d numbers, got %d".formatted(most, length));
    }
    return length;
  }

  /** Writes the parts of clusters; null for those that nothing was added to. */
  interface Part<T> {
    void write(T part) throws IOException;
  }

  /** Writes which of {@code parts} there are, and those. */
  static <T> void writeParts(DataOutput out, @Nullable T[] parts, Part<T> each) throws IOException {
    for (T part : parts) {
      out.writeBoolean(part != null);
      if (part != null) {
        each.write(part);
      }
    }
  }
}
