package dev.cotrace.torch;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
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
 * @param device libtorch's device string, for example {@code cpu} or {@code cuda:0}
 */
public record Placement(Precision precision, String device) {
  static {
    Torch.start();
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

  private static void checkLength(int length, long[] shape) {
    long elements = 1;
    for (long size : shape) {
      elements *= size;
    }
    if (elements != length) {
      throw new ShapeMismatchException("tensor from an array", shape, new long[] {length});
    }
  }
}
