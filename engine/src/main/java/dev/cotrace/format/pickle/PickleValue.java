package dev.cotrace.format.pickle;

import dev.cotrace.format.StoredTensor;
import java.util.List;
import java.util.Map;

/**
 * One value of a torch archive. Containers that were read may hold themselves, as Python's may:
 * follow the keys that are expected, never all of them.
 */
public sealed interface PickleValue {
  /** Python's {@code None}. */
  record None() implements PickleValue {}

  /** A {@code bool}. */
  record Flag(boolean value) implements PickleValue {}

  /** An {@code int} of at most 64 bits. */
  record Whole(long value) implements PickleValue {}

  /** A {@code float}. */
  record Real(double value) implements PickleValue {}

  /** A {@code str}. */
  record Text(String value) implements PickleValue {}

  /** A {@code list}. */
  record Items(List<PickleValue> values) implements PickleValue {}

  /** A {@code tuple}. */
  record Tuple(List<PickleValue> values) implements PickleValue {}

  /** A {@code dict} or {@code OrderedDict}; its keys are strings. */
  record Dictionary(Map<String, PickleValue> values) implements PickleValue {}

  /** A dense, contiguous tensor; its name is empty. */
  record Tensor(StoredTensor tensor) implements PickleValue {}

  /** What this is, short whatever it holds. */
  default String kind() {
    return switch (this) {
      case None _ -> "None";
      case Flag(boolean value) -> value ? "True" : "False";
      case Whole(long value) -> String.valueOf(value);
      case Real(double value) -> String.valueOf(value);
      case Text _ -> "a str";
      case Items(List<PickleValue> values) -> "a list of " + values.size();
      case Tuple(List<PickleValue> values) -> "a tuple of " + values.size();
      case Dictionary(Map<String, PickleValue> values) -> "a dict of " + values.size();
      case Tensor(StoredTensor tensor) -> "a tensor," + tensor;
    };
  }
}
