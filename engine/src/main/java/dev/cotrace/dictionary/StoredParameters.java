package dev.cotrace.dictionary;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import dev.cotrace.format.TensorFile;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * The parameters of an opened file by the names that SAELens has for them, brought to a placement
 * one by one: {@code w_enc} is {@code W_enc} too, as Gemma Scope has both.
 *
 * <p>What lies in the file in the placement's precision, aligned, on the CPU, is not copied: it is
 * the mapped file itself.
 */
final class StoredParameters {
  /** Elements decoded at a time: small enough for a cache. */
  private static final int PIECE = 1 << 16;

  private static final ValueLayout.OfLong I64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final TensorFile file;
  private final Placement placement;
  private final StoredType placed; // the placement's precision, as files call it
  private final Map<String, StoredTensor> tensors = new HashMap<>();
  private final Set<String> read = new HashSet<>();
  private boolean shared;

  StoredParameters(TensorFile file, Placement placement) {
    this.file = file;
    this.placement = placement;
    placed =
        switch (placement.precision()) {
          case FLOAT64 -> StoredType.F64;
          case FLOAT32 -> StoredType.F32;
          case BFLOAT16 -> StoredType.BF16;
        };
    file.tensors()
        .forEach((name, tensor) -> {
          String known = name.startsWith("w_") ? "W_" + name.substring(2) : name;
          if (tensors.putIfAbsent(known, tensor) != null) {
            throw malformed("expected one tensor %s, got it in both spellings".formatted(known));
          }
        });
  }

  TensorFile file() {
    return file;
  }

  /** Whether tensors lie in the mapped file, so that it must stay open as long as they live. */
  boolean sharesMemory() {
    return shared;
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** Whether {@code W_enc} is {@code [dIn, F]}; where dIn is F it is taken for that. */
  boolean featuresLast() {
    return shape("W_enc", 2)[1] == shape("b_enc", 1)[0];
  }

  /** The shape of a tensor that must be there with that many dimensions. */
  long[] shape(String name, int dimensions) {
    long[] shape = stored(name).shape();
    if (shape.length != dimensions || Arrays.stream(shape).anyMatch(size -> size == 0)) {
      throw malformed(
          "expected tensor %s with %d dimensions above 0, got shape %s"
              .formatted(name, dimensions, Arrays.toString(shape)));
    }
    return shape;
  }

  /** A tensor that must be there with that shape; in the caller's scope. */
  Tensor read(String name, long... shape) {
    StoredTensor stored = stored(name);
    if (!Arrays.equals(stored.shape(), shape)) {
      throw malformed(
          "expected tensor %s of shape %s, got %s"
              .formatted(name, Arrays.toString(shape), Arrays.toString(stored.shape())));
    }
    try (Scope scope = new Scope()) {
      Tensor tensor =
          canShare(stored)
              ? placement.over(stored.bytes(), shape)
              : rows(stored, 0, stored.elements(), 1, 1).view(shape);
      requireFinite(name, tensor);
      return scope.keep(tensor);
    }
  }

  /**
   * Elements of every {@code step}-th row of a tensor, seen as rows of {@code width} elements;
   * decoded anew, in the caller's scope.
   *
   * @param first the first row
   * @return {@code [count, width]}
   */
  Tensor rows(String name, long first, long count, long step, long width) {
    try (Scope scope = new Scope()) {
      Tensor rows = rows(stored(name), first, count, step, Math.toIntExact(width));
      requireFinite(name, rows);
      return scope.keep(rows);
    }
  }

  private Tensor rows(StoredTensor stored, long first, long count, long step, int width) {
    requireReal(stored);
    long pieceRows = Math.max(1, PIECE / width);
    Tensor tensor = placement.empty(count, width);
    for (long row = 0; row < count; row += pieceRows) {
      int length = (int) Math.min(pieceRows, count - row) * width;
      long from = first + row * step;
      // Every type but F64 is exact in float32.
      if (stored.type() == StoredType.F64) {
        Placement.write(tensor, row * width, doubles(stored, from, length, step, width));
      } else {
        Placement.write(tensor, row * width, floats(stored, from, length, step, width));
      }
    }
    return tensor;
  }

  /** {@code length} elements in rows; neighbours are decoded together. */
  private static float[] floats(StoredTensor stored, long row, int length, long step, int width) {
    float[] piece = new float[length];
    float[] line = step == 1 ? piece : new float[width];
    for (int at = 0; at < length; at += line.length) {
      stored.decode((row + at / width * step) * width, line);
      if (step > 1) {
        System.arraycopy(line, 0, piece, at, width);
      }
    }
    return piece;
  }

  /** As {@link #floats}. */
  private static double[] doubles(StoredTensor stored, long row, int length, long step, int width) {
    double[] piece = new double[length];
    double[] line = step == 1 ? piece : new double[width];
    for (int at = 0; at < length; at += line.length) {
      stored.decode((row + at / width * step) * width, line);
      if (step > 1) {
        System.arraycopy(line, 0, piece, at, width);
      }
    }
    return piece;
  }

  /** A whole number that must be there. */
  long whole(String name) {
    StoredTensor stored = stored(name);
    if (stored.elements() == 1 && stored.type() == StoredType.I64) {
      return stored.bytes().get(I64, 0);
    }
    if (stored.elements() == 1 && stored.type() == StoredType.I32) {
      return stored.bytes().get(I32, 0);
    }
    throw malformed("expected tensor %s to be one whole number, got %s".formatted(name, stored));
  }

  /** Refuses a file with tensors that nobody has read: with them it is another dictionary. */
  void requireAllRead() {
    for (String name : tensors.keySet()) {
      if (!read.contains(name)) {
        throw malformed(
            "expected only tensors of its architecture, %s, got also %s"
                .formatted(read.stream().sorted().toList(), name));
      }
    }
  }

  MalformedModelException malformed(String reason) {
    return new MalformedModelException(file.path(), 0, reason);
  }

  private StoredTensor stored(String name) {
    StoredTensor stored = tensors.get(name);
    if (stored == null) {
      throw malformed(
          "expected a tensor %s, got only %s"
              .formatted(name, tensors.keySet().stream().sorted().toList()));
    }
    read.add(name);
    return stored;
  }

  private void requireReal(StoredTensor stored) {
    if (!stored.type().floating()) {
      throw malformed(
          "expected tensor %s to hold real numbers, got %s"
              .formatted(stored.name(), stored.type()));
    }
  }

  private boolean canShare(StoredTensor stored) {
    boolean possible =
        placement.isCpu()
            && stored.type() == placed
            && stored.elements() > 0
            && stored.bytes().isNative()
            && stored.bytes().address() % placement.precision().bytes() == 0;
    shared |= possible;
    return possible;
  }

  /** The sum is cheap, and finite unless an element is not or all of them are beyond use. */
  private void requireFinite(String name, Tensor tensor) {
    if (!Double.isFinite(tensor.sum().item_double())) {
      throw malformed(
          "expected finite numbers in tensor %s at %s; the file is damaged or needs a wider precision"
              .formatted(name, placement.precision()));
    }
  }
}
