package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Names, truth and conversions of values. */
final class Types {
  /** Deeper input than any message has. */
  private static final int MAX_DEPTH = 100;

  private Types() {}

  /** A noun with its article, for error sentences. */
  static String name(Value value) {
    return switch (value) {
      case Value.Undefined(String what) -> what + ", which is undefined";
      case Value.None none -> "none";
      case Value.Bool bool -> "a boolean";
      case Value.Int number -> "an integer";
      case Value.Real number -> "a float";
      case Value.Text text -> "a string";
      case Value.Items items ->
          switch (items.kind()) {
            case LIST -> "a list";
            case TUPLE -> "a tuple";
            case VIEW -> "a view of a dictionary";
          };
      case Value.Generator generator -> "a generator";
      case Value.Mapping mapping -> "a dictionary";
      case Value.Namespace namespace -> "a namespace";
      case Value.Loop loop -> "the loop variable";
      case Value.Callable callable -> "the function " + callable.name();
    };
  }

  static boolean truth(Value value) {
    return switch (value) {
      case Value.Undefined undefined -> false;
      case Value.None none -> false;
      case Value.Bool(boolean truth) -> truth;
      case Value.Int(long number) -> number != 0;
      case Value.Real(double number) -> number != 0;
      case Value.Text(String text) -> !text.isEmpty();
      case Value.Items items -> !items.values().isEmpty();
      case Value.Mapping mapping -> !mapping.entries().isEmpty();
      case Value.Generator generator -> true;
      case Value.Namespace namespace -> true;
      case Value.Loop loop -> true;
      case Value.Callable callable -> true;
    };
  }

  /**
   * A Java value as a template sees it.
   *
   * @throws IllegalArgumentException for other types than strings, numbers, booleans, null, lists
   *     and maps with string keys
   */
  static Value of(@Nullable Object object) {
    return of(object, 0);
  }

  private static Value of(@Nullable Object object, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "expected template variables nested at most %d deep".formatted(MAX_DEPTH));
    }
    return switch (object) {
      case null -> Value.NONE;
      case Value value -> value;
      case String text -> new Value.Text(text);
      case Boolean bool -> Value.of(bool);
      case Byte number -> new Value.Int(number);
      case Short number -> new Value.Int(number);
      case Integer number -> new Value.Int(number);
      case Long number -> new Value.Int(number);
      case Float number -> new Value.Real(number);
      case Double number -> new Value.Real(number);
      case List<?> list -> {
        List<Value> values = new ArrayList<>();
        list.forEach(item -> values.add(of(item, depth + 1)));
        yield Value.list(values);
      }
      case Map<?, ?> map -> {
        Map<Value, Value> entries = new LinkedHashMap<>();
        map.forEach((key, value) -> entries.put(textKey(key), of(value, depth + 1)));
        yield new Value.Mapping(entries);
      }
      default ->
          throw new IllegalArgumentException(
              "expected template variables of strings, numbers, booleans, lists and maps, got "
                  + object.getClass().getName());
    };
  }

  private static Value textKey(@Nullable Object key) {
    if (key instanceof String text) {
      return new Value.Text(text);
    }
    throw new IllegalArgumentException(
        "expected maps in template variables to have string keys, got " + key);
  }
}
