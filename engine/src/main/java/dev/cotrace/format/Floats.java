package dev.cotrace.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Decodes floating-point elements stored one by one. */
final class Floats {
  private Floats() {}

  static void decode(StoredType type, MemorySegment bytes, long first, float[] out) {
    switch (type) {
      case F32 -> MemorySegment.copy(bytes, Layouts.F32, 4 * first, out, 0, out.length);
      case F64 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = (float) bytes.get(Layouts.F64, 8 * (first + i));
        }
      }
      case F16 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = Float.float16ToFloat(bytes.get(Layouts.I16, 2 * (first + i)));
        }
      }
      case BF16 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = brainFloat(bytes.get(Layouts.I16, 2 * (first + i)));
        }
      }
      case F8_E4M3, F8_E5M2 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = eighth(type, bytes.get(ValueLayout.JAVA_BYTE, first + i));
        }
      }
      default -> throw new IllegalArgumentException("expected a floating type, got " + type);
    }
  }

  static void decode(StoredType type, MemorySegment bytes, long first, double[] out) {
    switch (type) {
      case F64 -> MemorySegment.copy(bytes, Layouts.F64, 8 * first, out, 0, out.length);
      case F32 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = bytes.get(Layouts.F32, 4 * (first + i));
        }
      }
      case F16 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = Float.float16ToFloat(bytes.get(Layouts.I16, 2 * (first + i)));
        }
      }
      case BF16 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = brainFloat(bytes.get(Layouts.I16, 2 * (first + i)));
        }
      }
      case F8_E4M3, F8_E5M2 -> {
        for (int i = 0; i < out.length; i++) {
          out[i] = eighth(type, bytes.get(ValueLayout.JAVA_BYTE, first + i));
        }
      }
      default -> throw new IllegalArgumentException("expected a floating type, got " + type);
    }
  }

  /** Source: FP8 Formats for Deep Learning, arXiv 2209.05433. */
  private static float eighth(StoredType type, byte bits) {
    if (type == StoredType.F8_E5M2) {
      return Float.float16ToFloat((short) (bits << 8));
    }
    int exponent = (bits >> 3) & 15;
    int fraction = bits & 7;
    if (exponent == 15 && fraction == 7) {
      return Float.NaN;
    }
    float magnitude =
        exponent == 0 ? Math.scalb((float) fraction, -9) : Math.scalb(8f + fraction, exponent - 10);
    return bits < 0 ? -magnitude : magnitude;
  }

  /** BF16 is the upper half of a float. */
  private static float brainFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
