package dev.cotrace.format;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The key-value part of a GGUF file. Accessors without a fallback demand the key; all demand the
 * asked kind of value, and answer otherwise with a {@link MalformedModelException} that names file
 * and key.
 */
public record GgufMetadata(Path file, Map<String, GgufValue> values) {
  public GgufMetadata {
    values = Collections.unmodifiableMap(values);
  }

  /** All keys, in file order. */
  public Set<String> keys() {
    return values.keySet();
  }

  /** Whether the key is there. */
  public boolean contains(String key) {
    return values.containsKey(key);
  }

  public String string(String key) {
    return text(key, required(key));
  }

  public String string(String key, String fallback) {
    GgufValue value = values.get(key);
    return value == null ? fallback : text(key, value);
  }

  public long integer(String key) {
    return whole(key, required(key));
  }

  public long integer(String key, long fallback) {
    GgufValue value = values.get(key);
    return value == null ? fallback : whole(key, value);
  }

  /** A float, or an integer as one. */
  public double number(String key) {
    return real(key, required(key));
  }

  /** A float, or an integer as one. */
  public double number(String key, double fallback) {
    GgufValue value = values.get(key);
    return value == null ? fallback : real(key, value);
  }

  public boolean flag(String key) {
    return truth(key, required(key));
  }

  public boolean flag(String key, boolean fallback) {
    GgufValue value = values.get(key);
    return value == null ? fallback : truth(key, value);
  }

  public List<String> strings(String key) {
    return items(key, value -> text(key, value));
  }

  /** The integers of an array; booleans count as 0 and 1. */
  public long[] integers(String key) {
    return items(
            key,
            value ->
                value instanceof GgufValue.Flag(boolean flag) ? flag ? 1 : 0 : whole(key, value))
        .stream()
        .mapToLong(Long::longValue)
        .toArray();
  }

  public double[] numbers(String key) {
    return items(key, value -> real(key, value)).stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  private <T> List<T> items(String key, Function<GgufValue, T> item) {
    GgufValue value = required(key);
    if (!(value instanceof GgufValue.Items items)) {
      throw unexpected(key, "an array", value);
    }
    List<T> result = new ArrayList<>(items.values().size());
    for (GgufValue element : items.values()) {
      result.add(item.apply(element));
    }
    return Collections.unmodifiableList(result);
  }

  private GgufValue required(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      throw unexpected(key, "a value", null);
    }
    return value;
  }

  private String text(String key, GgufValue value) {
    if (value instanceof GgufValue.Text(String text)) {
      return text;
    }
    throw unexpected(key, "a string", value);
  }

  private long whole(String key, GgufValue value) {
    if (value instanceof GgufValue.Whole(long whole)) {
      return whole;
    }
    throw unexpected(key, "an integer", value);
  }

  private double real(String key, GgufValue value) {
    return switch (value) {
      case GgufValue.Real(double real) -> real;
      case GgufValue.Whole(long whole) -> whole;
      default -> throw unexpected(key, "a number", value);
    };
  }

  private boolean truth(String key, GgufValue value) {
    if (value instanceof GgufValue.Flag(boolean flag)) {
      return flag;
    }
    throw unexpected(key, "a boolean", value);
  }

  private MalformedModelException unexpected(
      String key, String expected, @Nullable GgufValue value) {
    String got =
        switch (value) {
          case null -> "nothing";
          case GgufValue.Text text -> "a string";
          case GgufValue.Whole whole -> "the integer " + whole.value();
          case GgufValue.Real real -> "the number " + real.value();
          case GgufValue.Flag flag -> "the boolean " + flag.value();
          case GgufValue.Items items -> "an array of " + items.values().size();
        };
    return new MalformedModelException(
        file, 0, "expected %s under metadata key %s, got %s".formatted(expected, key, got));
  }
}
