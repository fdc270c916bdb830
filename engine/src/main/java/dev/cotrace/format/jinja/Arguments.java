package dev.cotrace.format.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluated arguments of one call. */
record Arguments(List<Value> positional, Map<String, Value> keywords) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /**
   * Matches arguments with parameter names.
   *
   * @throws Fault for surplus, unknown or doubled arguments
   */
  Bound bind(String function, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new Fault(
          "expected at most %d arguments for %s, got %d"
              .formatted(parameters.length, function, positional.size()));
    }
    Map<String, Value> values = new HashMap<>();
    for (int i = 0; i < positional.size(); i++) {
      values.put(parameters[i], positional.get(i));
    }
    keywords.forEach((name, value) -> {
      if (!List.of(parameters).contains(name)) {
        throw new Fault("%s has no parameter %s".formatted(function, name));
      }
      if (values.put(name, value) != null) {
        throw new Fault("%s got its parameter %s twice".formatted(function, name));
      }
    });
    return new Bound(function, values);
  }

  /** Arguments by parameter name. */
  record Bound(String function, Map<String, Value> values) {
    @Nullable Value get(String parameter) {
      return values.get(parameter);
    }

    Value get(String parameter, Value fallback) {
      return values.getOrDefault(parameter, fallback);
    }

    Value required(String parameter) {
      Value value = values.get(parameter);
      if (value == null) {
        throw new Fault("expected argument %s of %s".formatted(parameter, function));
      }
      return value;
    }

    String text(String parameter) {
      return text(parameter, required(parameter));
    }

    String text(String parameter, String fallback) {
      return text(parameter, get(parameter, new Value.Text(fallback)));
    }

    /** A string, or null when the argument is absent or none. */
    @Nullable String optionalText(String parameter) {
      Value value = get(parameter, Value.NONE);
      return value instanceof Value.None ? null : text(parameter, value);
    }

    long integer(String parameter, long fallback) {
      return switch (get(parameter, new Value.Int(fallback))) {
        case Value.Int(long value) -> value;
        case Value.Bool(boolean value) -> value ? 1 : 0;
        case Value value -> throw unexpected(parameter, "an integer", value);
      };
    }

    boolean flag(String parameter, boolean fallback) {
      return Types.truth(get(parameter, Value.of(fallback)));
    }

    private String text(String parameter, Value value) {
      if (value instanceof Value.Text(String text)) {
        return text;
      }
      throw unexpected(parameter, "a string", value);
    }

    private Fault unexpected(String parameter, String expected, Value value) {
      return new Fault(
          "expected %s as %s of %s, got %s"
              .formatted(expected, parameter, function, Types.name(value)));
    }
  }
}
