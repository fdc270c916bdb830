package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Splitting and searching methods of {@code str}; separators are plain text, never patterns. */
final class Splits {
  private Splits() {}

  static Value split(String text, String name, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind(name, "sep", "maxsplit");
    String separator = bound.optionalText("sep");
    long most = bound.integer("maxsplit", -1);
    long limit = most < 0 ? Long.MAX_VALUE : most;
    boolean fromEnd = name.equals("rsplit");
    if (separator == null) {
      List<String> words = fromEnd ? wordsFromEnd(text, limit) : words(text, limit);
      budget.spend(words.size());
      return TextMethods.texts(words);
    }
    if (separator.isEmpty()) {
      throw new Fault("expected a separator of at least one character for " + name);
    }
    List<String> parts =
        fromEnd ? partsFromEnd(text, separator, limit) : parts(text, separator, limit);
    budget.spend(parts.size());
    return TextMethods.texts(parts);
  }

  private static List<String> parts(String text, String separator, long limit) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(separator);
        at >= 0 && parts.size() < limit;
        at = text.indexOf(separator, from)) {
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static List<String> partsFromEnd(String text, String separator, long limit) {
    List<String> parts = new ArrayList<>();
    int to = text.length();
    for (int at = text.lastIndexOf(separator);
        at >= 0 && parts.size() < limit;
        at = at == 0 ? -1 : text.lastIndexOf(separator, to - separator.length())) {
      if (at + separator.length() > to) {
        break;
      }
      parts.add(text.substring(at + separator.length(), to));
      to = at;
    }
    parts.add(text.substring(0, to));
    Collections.reverse(parts);
    return parts;
  }

  /** Words between stretches of white space; what is left after the limit stays as it is. */
  private static List<String> words(String text, long limit) {
    List<String> words = new ArrayList<>();
    String rest = PythonText.stripStart(text);
    while (!rest.isEmpty() && words.size() < limit) {
      int end = 0;
      while (end < rest.length() && !PythonText.space(rest.charAt(end))) {
        end++;
      }
      words.add(rest.substring(0, end));
      rest = PythonText.stripStart(rest.substring(end));
    }
    if (!rest.isEmpty()) {
      words.add(rest);
    }
    return words;
  }

  private static List<String> wordsFromEnd(String text, long limit) {
    List<String> words = new ArrayList<>();
    String rest = PythonText.stripEnd(text);
    while (!rest.isEmpty() && words.size() < limit) {
      int start = rest.length();
      while (start > 0 && !PythonText.space(rest.charAt(start - 1))) {
        start--;
      }
      words.add(rest.substring(start));
      rest = PythonText.stripEnd(rest.substring(0, start));
    }
    if (!rest.isEmpty()) {
      words.add(rest);
    }
    Collections.reverse(words);
    return words;
  }

  static Value partition(String text, String name, Arguments arguments) {
    String separator = arguments.bind(name, "sep").text("sep");
    if (separator.isEmpty()) {
      throw new Fault("expected a separator of at least one character for " + name);
    }
    boolean first = name.equals("partition");
    int at = first ? text.indexOf(separator) : text.lastIndexOf(separator);
    List<String> parts =
        at >= 0
            ? List.of(text.substring(0, at), separator, text.substring(at + separator.length()))
            : first ? List.of(text, "", "") : List.of("", "", text);
    return new Value.Items(
        Value.Items.Kind.TUPLE, parts.stream().map(part -> (Value) new Value.Text(part)).toList());
  }

  static Value search(String text, String name, Arguments arguments, Budget budget) {
    String wanted = arguments.bind(name, "sub").text("sub");
    if (name.equals("count")) {
      return new Value.Int(count(text, wanted, budget));
    }
    int at = name.startsWith("r") ? text.lastIndexOf(wanted) : text.indexOf(wanted);
    if (at < 0 && name.endsWith("index")) {
      throw new Fault("expected the string to hold the part whose index is asked");
    }
    return new Value.Int(at < 0 ? -1 : text.codePointCount(0, at));
  }

  private static long count(String text, String wanted, Budget budget) {
    if (wanted.isEmpty()) {
      return PythonText.length(text) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length())) {
      budget.step();
      count++;
    }
    return count;
  }
}
