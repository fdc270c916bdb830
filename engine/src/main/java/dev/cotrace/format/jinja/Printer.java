package dev.cotrace.format.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's {@code str} and {@code repr}. */
final class Printer {
  private Printer() {}

  /** What {@code {{ value }}} prints: strings as they are, undefined values as nothing. */
  static String text(Value value, Budget budget) {
    return switch (value) {
      case Value.Text(String text) -> text;
      case Value.Undefined undefined -> "";
      default -> repr(value, budget);
    };
  }

  static String repr(Value value, Budget budget) {
    StringBuilder out = new StringBuilder();
    write(value, out, budget);
    return out.toString();
  }

  private static void write(Value value, StringBuilder out, Budget budget) {
    budget.enter();
    switch (value) {
      case Value.None none -> out.append("None");
      case Value.Bool(boolean truth) -> out.append(truth ? "True" : "False");
      case Value.Int(long number) -> out.append(number);
      case Value.Real(double number) -> out.append(Numbers.repr(number));
      case Value.Text(String text) -> quote(text, out, budget);
      case Value.Undefined undefined -> out.append("Undefined");
      case Value.Items(Value.Items.Kind kind, List<Value> values) -> {
        switch (kind) {
          case LIST -> join("[", values.iterator(), "]", out, budget);
          case TUPLE -> join("(", values.iterator(), values.size() == 1 ? ",)" : ")", out, budget);
          case VIEW -> throw unprintable(value);
        }
      }
      case Value.Mapping(Map<Value, Value> entries) -> {
        out.append('{');
        String separator = "";
        for (Map.Entry<Value, Value> entry : entries.entrySet()) {
          out.append(separator);
          write(entry.getKey(), out, budget);
          out.append(": ");
          write(entry.getValue(), out, budget);
          separator = ", ";
        }
        out.append('}');
      }
      default -> throw unprintable(value);
    }
    if (out.length() > Budget.MAX_TEXT) {
      budget.text(out.length());
    }
    budget.leave();
  }

  private static void join(
      String open, Iterator<Value> values, String close, StringBuilder out, Budget budget) {
    out.append(open);
    while (values.hasNext()) {
      write(values.next(), out, budget);
      out.append(values.hasNext() ? ", " : "");
    }
    out.append(close);
  }

  private static Fault unprintable(Value value) {
    return new Fault("expected a value with a printed form, got " + Types.name(value));
  }

  private static void quote(String text, StringBuilder out, Budget budget) {
    budget.text(text.length());
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    out.append(quote);
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '\\' -> out.append("\\\\");
            default -> {
              if (c == quote) {
                out.append('\\').append(quote);
              } else if (printable(c)) {
                out.appendCodePoint(c);
              } else {
                out.append((c < 256 ? "\\x%02x" : c < 65536 ? "\\u%04x" : "\\U%08x").formatted(c));
              }
            }
          }
        });
    out.append(quote);
  }

  /** Python's {@code str.isprintable} for one character. */
  private static boolean printable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
