package dev.cotrace.format.jinja;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What expressions compute: Python's values as far as templates see them. */
sealed interface Value {
  Value NONE = new None();
  Value TRUE = new Bool(true);
  Value FALSE = new Bool(false);

  /** A name, attribute or item that is not there; {@code what} says which. */
  record Undefined(String what) implements Value {}

  record None() implements Value {}

  record Bool(boolean value) implements Value {}

  record Int(long value) implements Value {}

  record Real(double value) implements Value {}

  record Text(String value) implements Value {}

  record Items(Kind kind, List<Value> values) implements Value {
    enum Kind {
      LIST,
      TUPLE,
      /** What {@code dict.items()} and its like give: sized, but without positions. */
      VIEW
    }
  }

  /** What {@code map}, {@code select} and their like give: true, without size, read once. */
  record Generator(Iterator<Value> items) implements Value {}

  /** Keys are text, numbers, booleans or none; equal numbers are one key. */
  record Mapping(Map<Value, Value> entries) implements Value {
    /** The key under which Python would find {@code key}. */
    static Value key(Value key) {
      return switch (key) {
        case Bool(boolean value) -> new Int(value ? 1 : 0);
        case Real(double value) when value == (long) value -> new Int((long) value);
        case Text text -> text;
        case Int number -> number;
        case Real number -> number;
        case None none -> none;
        default -> throw new Fault("expected a plain dictionary key, got " + Types.name(key));
      };
    }
  }

  /** The one mutable value: {@code {% set ns.x = … %}}. */
  record Namespace(Map<String, Value> values) implements Value {
    Namespace() {
      this(new LinkedHashMap<>());
    }
  }

  /** The variable {@code loop}. */
  record Loop(LoopState state) implements Value {}

  /** A macro, global function or bound method. */
  record Callable(String name, Body body) implements Value {
    interface Body {
      Value call(Arguments arguments);
    }
  }

  static Value of(boolean value) {
    return value ? TRUE : FALSE;
  }

  static Items list(List<Value> values) {
    return new Items(Items.Kind.LIST, values);
  }
}
