package dev.cotrace.format;

import java.lang.foreign.MemorySegment;

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
      default -> throw new IllegalArgumentException("expected a floating type, got " + type);
    }
  }

  /** BF16 is the upper half of a float. */
  private static float brainFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
