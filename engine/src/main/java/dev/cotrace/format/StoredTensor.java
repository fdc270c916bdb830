package dev.cotrace.format;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A named array as it lies in a file: type, shape and raw little-endian bytes. Its bytes are
 * usually a window on a mapped file and die with the {@link TensorFile} they came from.
 */
public final class StoredTensor {
  private final String name;
  private final StoredType type;
  private final long[] shape;
  private final long elements;
  private final MemorySegment bytes;

  /**
   * @param shape torch order, row-major; {@code []} is a scalar
   * @param bytes exactly the bytes that the type and shape ask for
   */
  public StoredTensor(String name, StoredType type, long[] shape, MemorySegment bytes) {
    this.name = name;
    this.type = type;
    this.shape = shape.clone();
    this.elements = Shapes.elements(name, shape);
    this.bytes = bytes;
    if (bytes.byteSize() != type.bytes(elements)) {
      throw new IllegalArgumentException(
          "tensor %s: expected %d bytes for %s %s, got %d"
              .formatted(
                  name, type.bytes(elements), type, Arrays.toString(shape), bytes.byteSize()));
    }
  }

  /** A copy of {@code values} as an F32 tensor. */
  public static StoredTensor of(String name, float[] values, long... shape) {
    MemorySegment bytes = Arena.ofAuto().allocate(4L * values.length);
    MemorySegment.copy(values, 0, bytes, Layouts.F32, 0, values.length);
    return new StoredTensor(name, StoredType.F32, shape, bytes);
  }

  /** A copy of {@code values} as an F64 tensor. */
  public static StoredTensor of(String name, double[] values, long... shape) {
    MemorySegment bytes = Arena.ofAuto().allocate(8L * values.length);
    MemorySegment.copy(values, 0, bytes, Layouts.F64, 0, values.length);
    return new StoredTensor(name, StoredType.F64, shape, bytes);
  }

  /** A copy of {@code values} as an I32 tensor. */
  public static StoredTensor of(String name, int[] values, long... shape) {
    MemorySegment bytes = Arena.ofAuto().allocate(4L * values.length);
    MemorySegment.copy(values, 0, bytes, Layouts.I32, 0, values.length);
    return new StoredTensor(name, StoredType.I32, shape, bytes);
  }

  /** A copy of {@code values} as an I64 tensor. */
  public static StoredTensor of(String name, long[] values, long... shape) {
    MemorySegment bytes = Arena.ofAuto().allocate(8L * values.length);
    MemorySegment.copy(values, 0, bytes, Layouts.I64, 0, values.length);
    return new StoredTensor(name, StoredType.I64, shape, bytes);
  }

  /** The tensor's name in its file. */
  public String name() {
    return name;
  }

  /** How the elements are stored. */
  public StoredType type() {
    return type;
  }

  /** Torch order, row-major; {@code []} is a scalar. */
  public long[] shape() {
    return shape.clone();
  }

  /** Number of elements: the product of the shape. */
  public long elements() {
    return elements;
  }

  /** The raw bytes, little endian, not necessarily aligned to the element size. */
  public MemorySegment bytes() {
    return bytes;
  }

  /**
   * Decodes {@code out.length} elements from {@code firstElement} on. F64 is rounded to float.
   *
   * @throws IllegalArgumentException when the type is neither floating nor quantised, when the
   *     range leaves the tensor, or does not begin and end on a block boundary
   */
  public void decode(long firstElement, float[] out) {
    checkRange(firstElement, out.length);
    if (type.quantised()) {
      Dequantiser.of(type).decode(bytes, firstElement, out);
    } else {
      Floats.decode(type, bytes, firstElement, out);
    }
  }

  /**
   * As {@link #decode(long, float[])} in double precision. Quantised values are those of the float
   * decoding: block scales are 16-bit floats, and readers everywhere compute them in float.
   */
  public void decode(long firstElement, double[] out) {
    checkRange(firstElement, out.length);
    if (type.quantised()) {
      float[] narrow = new float[out.length];
      Dequantiser.of(type).decode(bytes, firstElement, narrow);
      Arrays.setAll(out, i -> narrow[i]);
    } else {
      Floats.decode(type, bytes, firstElement, out);
    }
  }

  private void checkRange(long first, int length) {
    if (!type.floating() && !type.quantised()) {
      throw new IllegalArgumentException(
          "tensor %s: expected a floating or quantised type to decode, got %s"
              .formatted(name, type));
    }
    if (first < 0 || first > elements - length) {
      throw new IllegalArgumentException(
          "tensor %s: expected a range within %d elements, got %d elements from %d on"
              .formatted(name, elements, length, first));
    }
    if (first % type.blockElements() != 0 || length % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          "tensor %s: expected a range in whole blocks of %d elements (%s), got %d from %d on"
              .formatted(name, type.blockElements(), type, length, first));
    }
  }

  @Override
  public String toString() {
    return "%s %s %s".formatted(name, type, Arrays.toString(shape));
  }
}
