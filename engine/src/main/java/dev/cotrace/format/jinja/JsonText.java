package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Python's {@code json.dumps}, as the {@code tojson} filter of chat templates calls it. */
record JsonText(
    boolean ascii,
    boolean sorted,
    String indent,
    boolean indented,
    String itemSeparator,
    String keySeparator,
    Budget budget) {
  static Value filter(Value input, Arguments arguments, Budget budget) {
    Arguments.Bound bound =
        arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    Value indent = bound.get("indent", Value.NONE);
    boolean indented = !(indent instanceof Value.None);
    List<String> separators = separators(bound.get("separators", Value.NONE), indented, budget);
    JsonText writer =
        new JsonText(
            bound.flag("ensure_ascii", false),
            bound.flag("sort_keys", false),
            indentation(indent),
            indented,
            separators.get(0),
            separators.get(1),
            budget);
    StringBuilder out = new StringBuilder();
    writer.write(input, 0, out);
    return new Value.Text(out.toString());
  }

  private static String indentation(Value indent) {
    return switch (indent) {
      case Value.None none -> "";
      case Value.Text(String text) -> text;
      default -> " ".repeat((int) Math.clamp(Numbers.integer(indent), 0, 100));
    };
  }

  private static List<String> separators(Value value, boolean indented, Budget budget) {
    if (value instanceof Value.None) {
      return List.of(indented ? "," : ", ", ": ");
    }
    List<Value> items = Sequences.list(value, budget);
    if (items.size() == 2
        && items.get(0) instanceof Value.Text(String item)
        && items.get(1) instanceof Value.Text(String key)) {
      return List.of(item, key);
    }
    throw new Fault("expected two strings as separators of tojson");
  }

  private void write(Value value, int depth, StringBuilder out) {
    budget.enter();
    switch (value) {
      case Value.None none -> out.append("null");
      case Value.Bool(boolean truth) -> out.append(truth);
      case Value.Int(long number) -> out.append(number);
      case Value.Real(double number) -> out.append(real(number));
      case Value.Text(String text) -> quote(text, out);
      case Value.Items(Value.Items.Kind kind, List<Value> values)
          when kind != Value.Items.Kind.VIEW -> {
        out.append('[');
        for (int i = 0; i < values.size(); i++) {
          separate(i == 0, depth + 1, out);
          write(values.get(i), depth + 1, out);
        }
        close(values.isEmpty(), depth, out);
        out.append(']');
      }
      case Value.Mapping mapping -> mapping(mapping, depth, out);
      default -> throw new Fault("expected a value with a JSON form, got " + Types.name(value));
    }
    if (out.length() > Budget.MAX_TEXT) {
      budget.text(out.length());
    }
    budget.leave();
  }

  private void mapping(Value.Mapping mapping, int depth, StringBuilder out) {
    List<Map.Entry<Value, Value>> entries = new ArrayList<>(mapping.entries().entrySet());
    if (sorted) {
      entries.sort(
          Comparator.comparing(
              Map.Entry::getKey, (a, b) -> Operators.order("sort_keys", a, b, budget)));
    }
    out.append('{');
    boolean first = true;
    for (Map.Entry<Value, Value> entry : entries) {
      separate(first, depth + 1, out);
      first = false;
      quote(key(entry.getKey()), out);
      out.append(keySeparator);
      write(entry.getValue(), depth + 1, out);
    }
    close(first, depth, out);
    out.append('}');
  }

  private static String key(Value key) {
    return switch (key) {
      case Value.Text(String text) -> text;
      case Value.None none -> "null";
      case Value.Real(double number) -> real(number);
      default -> Long.toString(Numbers.integer(key));
    };
  }

  private static String real(double number) {
    if (Double.isNaN(number)) {
      return "NaN";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "Infinity" : "-Infinity";
    }
    return Numbers.repr(number);
  }

  private void separate(boolean first, int depth, StringBuilder out) {
    out.append(first ? "" : itemSeparator);
    newLine(depth, out);
  }

  private void close(boolean empty, int depth, StringBuilder out) {
    if (!empty) {
      newLine(depth, out);
    }
  }

  private void newLine(int depth, StringBuilder out) {
    if (indented) {
      budget.text((long) indent.length() * depth);
      out.append('\n').repeat(indent, depth);
    }
  }

  private void quote(String text, StringBuilder out) {
    budget.text(text.length());
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        case '\f' -> out.append("\\f");
        case '\b' -> out.append("\\b");
        default -> {
          if (c < ' ' || (ascii && c > '~')) {
            out.append("\\u%04x".formatted((int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
