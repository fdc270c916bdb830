package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Python's methods of {@code str}. */
final class TextMethods {
  private TextMethods() {}

  /** The method of that name, or null where it is not known. */
  static @Nullable Value bind(String text, String name, Budget budget) {
    Value.Callable.Body body =
        switch (name) {
          case "strip", "lstrip", "rstrip" ->
              arguments ->
                  new Value.Text(
                      strip(
                          text,
                          arguments.bind(name, "chars").optionalText("chars"),
                          !name.equals("rstrip"),
                          !name.equals("lstrip")));
          case "startswith", "endswith" -> arguments -> affix(text, name, arguments, budget);
          case "removeprefix", "removesuffix" -> arguments -> remove(text, name, arguments);
          case "split", "rsplit" -> arguments -> Splits.split(text, name, arguments, budget);
          case "splitlines" ->
              arguments ->
                  texts(splitLines(text, arguments.bind(name, "keepends").flag("keepends", false)));
          case "partition", "rpartition" -> arguments -> Splits.partition(text, name, arguments);
          case "replace" -> arguments -> replace(text, arguments, budget);
          case "find", "rfind", "index", "rindex", "count" ->
              arguments -> Splits.search(text, name, arguments, budget);
          case "join" -> arguments -> join(text, arguments, budget);
          case "upper", "lower", "capitalize", "title", "swapcase" ->
              arguments -> {
                arguments.bind(name);
                return new Value.Text(cased(text, name));
              };
          case "isdigit",
              "isnumeric",
              "isdecimal",
              "isalpha",
              "isalnum",
              "isspace",
              "isupper",
              "islower" ->
              arguments -> {
                arguments.bind(name);
                return Value.of(consists(text, name));
              };
          default -> null;
        };
    if (body == null) {
      return null;
    }
    return new Value.Callable(
        name,
        arguments -> {
          budget.text(text.length());
          return body.call(arguments);
        });
  }

  static String strip(String text, @Nullable String characters, boolean start, boolean end) {
    IntPredicate stripped =
        characters == null ? PythonText::space : c -> characters.indexOf(c) >= 0;
    int from = 0;
    int to = text.length();
    while (start && from < to && stripped.test(text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (end && to > from && stripped.test(text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return text.substring(from, to);
  }

  private static Value affix(String text, String name, Arguments arguments, Budget budget) {
    Value wanted = arguments.bind(name, "affix").required("affix");
    List<Value> choices =
        wanted instanceof Value.Items items && items.kind() == Value.Items.Kind.TUPLE
            ? items.values()
            : List.of(wanted);
    budget.spend(choices.size());
    boolean found = false;
    for (Value choice : choices) {
      if (!(choice instanceof Value.Text(String part))) {
        throw new Fault(
            "expected a string as argument of %s, got %s".formatted(name, Types.name(choice)));
      }
      found |= name.equals("startswith") ? text.startsWith(part) : text.endsWith(part);
    }
    return Value.of(found);
  }

  private static Value remove(String text, String name, Arguments arguments) {
    String affix = arguments.bind(name, "affix").text("affix");
    boolean prefix = name.equals("removeprefix");
    boolean there = prefix ? text.startsWith(affix) : text.endsWith(affix);
    int left = text.length() - affix.length();
    return new Value.Text(
        !there ? text : prefix ? text.substring(affix.length()) : text.substring(0, left));
  }

  private static Value replace(String text, Arguments arguments, Budget budget) {
    Arguments.Bound bound = arguments.bind("replace", "old", "new", "count");
    return new Value.Text(
        replace(text, bound.text("old"), bound.text("new"), bound.integer("count", -1), budget));
  }

  /** The first {@code count} occurrences replaced; all of them for a negative count. */
  static String replace(String text, String old, String replacement, long count, Budget budget) {
    StringBuilder out = new StringBuilder();
    long left = count < 0 ? Long.MAX_VALUE : count;
    int from = 0;
    while (left-- > 0) {
      int at = text.indexOf(old, from);
      if (at < 0) {
        break;
      }
      budget.text(replacement.length() + 64L);
      out.append(text, from, at).append(replacement);
      from = at + old.length();
      if (old.isEmpty()) {
        if (at == text.length()) {
          return checked(out, budget);
        }
        int next = text.offsetByCodePoints(at, 1);
        out.append(text, at, next);
        from = next;
      }
      if (out.length() > Budget.MAX_TEXT) {
        return checked(out, budget);
      }
    }
    return checked(out.append(text, from, text.length()), budget);
  }

  private static String checked(StringBuilder out, Budget budget) {
    budget.text(out.length());
    return out.toString();
  }

  private static Value join(String text, Arguments arguments, Budget budget) {
    List<String> parts = new ArrayList<>();
    long length = 0;
    Value iterable = arguments.bind("join", "iterable").required("iterable");
    for (Value item : Sequences.list(iterable, budget)) {
      if (!(item instanceof Value.Text(String part))) {
        throw new Fault("expected strings to join, got " + Types.name(item));
      }
      parts.add(part);
      length += part.length() + text.length();
      budget.text(length);
    }
    return new Value.Text(String.join(text, parts));
  }

  /** Python's line ends: \n, \r, \r\n, \v, \f, the separators 1c to 1e, 85, 2028 and 2029. */
  static List<String> splitLines(String text, boolean keepEnds) {
    List<String> lines = new ArrayList<>();
    int from = 0;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      boolean end =
          (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e) || c == 0x85 || (c | 1) == 0x2029;
      if (end) {
        int contentEnd = at;
        at += c == '\r' && at + 1 < text.length() && text.charAt(at + 1) == '\n' ? 1 : 0;
        lines.add(text.substring(from, keepEnds ? at + 1 : contentEnd));
        from = at + 1;
      }
    }
    if (from < text.length()) {
      lines.add(text.substring(from));
    }
    return lines;
  }

  static Value texts(List<String> parts) {
    return Value.list(parts.stream().map(part -> (Value) new Value.Text(part)).toList());
  }

  private static String cased(String text, String name) {
    return switch (name) {
      case "upper" -> TextFilters.upper(text);
      case "lower" -> TextFilters.lower(text);
      case "capitalize" -> TextFilters.capitalize(text);
      default -> {
        StringBuilder out = new StringBuilder();
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
          String letter = Character.toString(c);
          boolean raise = name.equals("title") ? !inWord : Character.isLowerCase(c);
          out.append(raise ? TextFilters.upper(letter) : TextFilters.lower(letter));
          inWord = Character.isLetter(c);
        }
        yield out.toString();
      }
    };
  }

  private static boolean consists(String text, String name) {
    return switch (name) {
      case "isalpha" -> all(text, Character::isLetter);
      case "isalnum" -> all(text, Character::isLetterOrDigit);
      case "isspace" -> all(text, PythonText::space);
      case "isupper" ->
          text.codePoints().anyMatch(Character::isUpperCase)
              && text.codePoints().noneMatch(Character::isLowerCase);
      case "islower" ->
          text.codePoints().anyMatch(Character::isLowerCase)
              && text.codePoints().noneMatch(Character::isUpperCase);
      default -> all(text, Character::isDigit);
    };
  }

  private static boolean all(String text, IntPredicate predicate) {
    return !text.isEmpty() && text.codePoints().allMatch(predicate);
  }
}
