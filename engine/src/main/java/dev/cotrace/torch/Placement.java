package dev.cotrace.torch;

import java.lang.foreign.MemorySegment;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Where tensors live and how precise they are; makes tensors there and copies them back.
 *
 * <p>Every tensor made here belongs to the caller's {@link Scope}.
 *
 * @param precision floating-point type of weights and activations
 * @param device {@code cpu}, {@code cuda} or {@code cuda:N}, as libtorch calls them
 */
public record Placement(Precision precision, String device) {
  private static final Pattern DEVICE = Pattern.compile("cpu|cuda(:\\d{1,3})?");

  static {
    Torch.start();
  }

  /** Refuses devices that nothing here was made for. */
  public Placement {
    if (!DEVICE.matcher(device).matches()) {
      throw new IllegalArgumentException(
          "expected --device to be cpu, cuda or cuda:N, got '%s'".formatted(device));
    }
  }

  /** The CPU at {@code precision}. */
  public static Placement cpu(Precision precision) {
    return new Placement(precision, "cpu");
  }

  /** A floating-point tensor of {@code shape} with the values of {@code data}, row-major. */
  public Tensor tensor(double[] data, long... shape) {
    checkLength(data.length, shape);
    try (Scope scope = new Scope()) {
      Tensor host =
          torch.from_blob(new DoublePointer(data), shape, options(ScalarType.Double, "cpu"));
      return scope.keep(host.to(options(precision.type(), device), false, true, null));
    }
  }

  /**
   * An index tensor (64-bit integers) of {@code shape} with the values of {@code data}, row-major.
   */
  public Tensor indices(long[] data, long... shape) {
    checkLength(data.length, shape);
    try (Scope scope = new Scope()) {
      Tensor host = torch.from_blob(new LongPointer(data), shape, options(ScalarType.Long, "cpu"));
      return scope.keep(host.to(options(ScalarType.Long, device), false, true, null));
    }
  }

  /**
   * A floating-point tensor of {@code shape} over {@code bytes} themselves, row-major in this
   * precision: nothing is copied. The bytes must outlive the tensor, and a mapped file's are not to
   * be written to.
   *
   * @param bytes native memory, aligned to the size of an element
   * @throws IllegalArgumentException when the placement is not the CPU, or the bytes are not those
   *     of such a tensor
   */
  public Tensor over(MemorySegment bytes, long... shape) {
    if (!isCpu() || !bytes.isNative() || bytes.address() % precision.bytes() != 0) {
      throw new IllegalArgumentException(
          "expected aligned native memory for a tensor on cpu, got %s for one on %s"
              .formatted(bytes, device));
    }
    checkLength(bytes.byteSize() / precision.bytes(), shape);
    try (Scope scope = new Scope()) {
      return scope.keep(
          torch.from_blob(new Address(bytes), shape, options(precision.type(), "cpu")));
    }
  }

  /**
   * Overwrites the elements of {@code target} from {@code first} on, in row-major order, with
   * {@code values}, rounded to its precision.
   *
   * @param target contiguous
   */
  public static void write(Tensor target, long first, float[] values) {
    try (Scope _ = new Scope()) {
      write(target, first, new FloatPointer(values), values.length, ScalarType.Float);
    }
  }

  /** As {@link #write(Tensor, long, float[])}. */
  public static void write(Tensor target, long first, double[] values) {
    try (Scope _ = new Scope()) {
      write(target, first, new DoublePointer(values), values.length, ScalarType.Double);
    }
  }

  private static void write(
      Tensor target, long first, Pointer values, long count, ScalarType type) {
    Tensor host = torch.from_blob(values, new long[] {count}, options(type, "cpu"));
    target.view(-1).narrow(0, first, count).copy_(host);
  }

  /** Whether tensors live in the memory that Java sees. */
  public boolean isCpu() {
    return device.equals("cpu");
  }

  /** A floating-point tensor of {@code shape} with unspecified values, to be written to. */
  public Tensor empty(long... shape) {
    return torch.empty(shape, options(precision.type(), device), null);
  }

  /** A floating-point tensor of {@code shape} filled with zeros. */
  public Tensor zeros(long... shape) {
    return torch.zeros(shape, options(precision.type(), device));
  }

  /** The values of {@code tensor}, row-major, as doubles on the host. */
  public static double[] toDoubles(Tensor tensor) {
    try (Scope _ = new Scope()) {
      Tensor host =
          tensor.detach().to(options(ScalarType.Double, "cpu"), false, true, null).contiguous();
      double[] values = new double[Math.toIntExact(host.numel())];
      host.data_ptr_double().get(values);
      return values;
    }
  }

  /** A copy of {@code tensor} at this precision and device. */
  public Tensor copy(Tensor tensor) {
    return tensor.to(options(precision.type(), device), false, /* copy= */ true, null);
  }

  private static TensorOptions options(ScalarType type, String device) {
    return new TensorOptions()
        .dtype(new ScalarTypeOptional(type))
        .device(new DeviceOptional(new Device(device)));
  }

  /** Memory that somebody else owns. */
  private static final class Address extends Pointer {
    Address(MemorySegment bytes) {
      address = bytes.address();
      limit = bytes.byteSize();
      capacity = limit;
    }
  }

  private static void checkLength(long length, long[] shape) {
    long elements = 1;
    for (long size : shape) {
      elements *= size;
    }
    if (elements != length) {
      throw new ShapeMismatchException("tensor from an array", shape, new long[] {length});
    }
  }
}
