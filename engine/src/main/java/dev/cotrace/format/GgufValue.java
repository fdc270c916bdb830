package dev.cotrace.format;

import java.util.List;

/** One GGUF metadata value. Integers of every width are {@link Whole}, floats are {@link Real}. */
public sealed interface GgufValue {
  /** A string. */
  record Text(String value) implements GgufValue {}

  /** An integer of any width. */
  record Whole(long value) implements GgufValue {}

  /** A 32- or 64-bit float. */
  record Real(double value) implements GgufValue {}

  /** A boolean. */
  record Flag(boolean value) implements GgufValue {}

  /** An array; its items share one type. */
  record Items(List<GgufValue> values) implements GgufValue {
    public Items {
      values = List.copyOf(values);
    }
  }
}
