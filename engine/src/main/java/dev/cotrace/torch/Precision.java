package dev.cotrace.torch;

import java.util.Locale;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The floating-point type of weights and activations. */
public enum Precision {
  /** 64-bit: for the laws and for small models. */
  FLOAT64(ScalarType.Double, 8),
  /** 32-bit: the default. */
  FLOAT32(ScalarType.Float, 4),
  /** bfloat16: half the memory, about three significant digits. */
  BFLOAT16(ScalarType.BFloat16, 2);

  private final ScalarType type;
  private final int bytes;

  Precision(ScalarType type, int bytes) {
    this.type = type;
    this.bytes = bytes;
  }

  /**
   * The precision that people call {@code name}.
   *
   * @throws IllegalArgumentException when there is none of that name
   */
  public static Precision of(String name) {
    for (Precision precision : values()) {
      if (precision.name().toLowerCase(Locale.ROOT).equals(name)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "expected --dtype float64, float32 or bfloat16, got " + name);
  }

  /** libtorch's name of this type. */
  public ScalarType type() {
    return type;
  }

  /** Bytes an element. */
  public int bytes() {
    return bytes;
  }
}
