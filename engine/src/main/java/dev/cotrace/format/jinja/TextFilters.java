package dev.cotrace.format.jinja;

import java.util.List;
import java.util.Locale;

/** Filters that make text of anything. */
final class TextFilters {
  private TextFilters() {}

  static Value apply(String name, Value input, Arguments arguments, Budget budget) {
    String text = Printer.text(input, budget);
    budget.text(text.length());
    String result =
        switch (name) {
          case "trim" ->
              TextMethods.strip(
                  text, arguments.bind(name, "chars").optionalText("chars"), true, true);
          case "replace" -> replace(text, arguments, budget);
          case "indent" -> indent(text, arguments, budget);
          default -> {
            arguments.bind(name);
            yield plain(name, text);
          }
        };
    return new Value.Text(result);
  }

  private static String plain(String name, String text) {
    return switch (name) {
      case "upper" -> upper(text);
      case "lower" -> lower(text);
      case "capitalize" -> capitalize(text);
      case "title" -> title(text);
      default -> text;
    };
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.offsetByCodePoints(0, 1);
    return titled(text.substring(0, first)) + lower(text.substring(first));
  }

  private static String titled(String first) {
    // Letters such as ß and ŉ have titlecase forms of several characters; uppercase has them too.
    int title = Character.toTitleCase(first.codePointAt(0));
    return title == first.codePointAt(0) ? capitalized(upper(first)) : Character.toString(title);
  }

  private static String capitalized(String upper) {
    int first = upper.offsetByCodePoints(0, 1);
    return upper.substring(0, first) + lower(upper.substring(first));
  }

  /** jinja2's own title filter: words begin after white space, hyphens and opening brackets. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean begins = true;
    for (int c : text.codePoints().toArray()) {
      String letter = Character.toString(c);
      boolean separator = PythonText.space(c) || "-({[<".indexOf(c) >= 0;
      out.append(begins && !separator ? upper(letter) : lower(letter));
      begins = separator;
    }
    return out.toString();
  }

  private static String replace(String text, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind("replace", "old", "new", "count");
    String old = Printer.text(bound.required("old"), budget);
    String replacement = Printer.text(bound.required("new"), budget);
    Value count = bound.get("count", Value.NONE);
    return TextMethods.replace(
        text, old, replacement, count instanceof Value.None ? -1 : Numbers.integer(count), budget);
  }

  private static String indent(String text, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind("indent", "width", "first", "blank");
    String indention =
        bound.get("width", new Value.Int(4)) instanceof Value.Text(String given)
            ? given
            : " ".repeat((int) Math.clamp(bound.integer("width", 4), 0, 1000));
    boolean blank = bound.flag("blank", false);
    List<String> lines = TextMethods.splitLines(text + "\n", false);
    budget.text((long) indention.length() * lines.size());
    StringBuilder out = new StringBuilder(bound.flag("first", false) ? indention : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean indented = i > 0 && (blank || !line.isEmpty());
      out.append(i > 0 ? "\n" : "").append(indented ? indention : "").append(line);
    }
    return out.toString();
  }
}
