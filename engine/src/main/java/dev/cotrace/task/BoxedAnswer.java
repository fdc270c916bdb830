package dev.cotrace.task;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The answer in the last {@code \boxed{…}} of a text whose braces balance, and when two such
 * answers are the same: when they are written alike once spaces, sizes of brackets and fractions,
 * units, currency, percent and degree signs are set aside, as the graders of the MATH data set
 * (Hendrycks et al. 2021) do. Every step takes time in proportion to the text's length.
 */
final class BoxedAnswer {
  private static final String BARE = "\\boxed ";

  /** Longer answers are compared as they are. */
  private static final int LONGEST = 10_000;

  /** What is set aside, and what is put in its place, one after another. */
  private static final List<Rule> RULES =
      List.of(
          // A double backslash ends the row of a matrix.
          new Rule("(\\\\\\\\)|\\\\(?:[!,;: ]|(?:left|right|q?quad)(?![a-zA-Z]))|[\\s~]", "$1"),
          new Rule("\\\\[dtc]frac(?![a-zA-Z])", "\\\\frac"),
          new Rule("\\^\\{\\\\circ\\}|\\^\\\\circ|\\\\degree|\\\\[%$]|[%$°]", ""),
          new Rule("\\.$", ""),
          new Rule("^\\\\(?:text|textbf|textrm|mathrm|mbox)\\{([^{}]*+)\\}$", "$1"),
          new Rule(
              "(?<=[0-9}])\\\\(?:text|textrm|mathrm|mbox)\\{[^{}]*+\\}(?:\\^[0-9]|\\^\\{[0-9]\\})?$",
              ""),
          new Rule("^[a-zA-Z]=", ""),
          new Rule("(?<![0-9])\\.(?=[0-9])", "0."),
          new Rule("^(-?[0-9]+)/([0-9]+)$", "\\\\frac{$1}{$2}"),
          new Rule("\\\\sqrt([0-9a-zA-Z])", "\\\\sqrt{$1}"),
          new Rule("\\\\frac([0-9a-zA-Z])", "\\\\frac{$1}"),
          new Rule("(\\\\frac\\{[^{}]*+\\})([0-9a-zA-Z])", "$1{$2}"));

  private static final Pattern GROUPED =
      Pattern.compile("-?[0-9]{1,3}(?:,[0-9]{3})++(?:\\.[0-9]+)?");

  private record Rule(Pattern pattern, String replacement) {
    Rule(String pattern, String replacement) {
      this(Pattern.compile(pattern), replacement);
    }

    String apply(String text) {
      return pattern.matcher(text).replaceAll(replacement);
    }
  }

  private BoxedAnswer() {}

  /** What the last box with balanced braces holds, as it is written. */
  static Optional<String> last(String text) {
    Deque<Integer> open = new ArrayDeque<>();
    int start = -1;
    int end = -1;
    for (int at = 0; at < text.length(); at++) {
      switch (text.charAt(at)) {
        case '\\' -> {
          int bare = bareEnd(text, at);
          if (bare > at) {
            start = at + BARE.length();
            end = bare;
          }
          at++;
        }
        case '{' -> open.push(isBox(text, at) ? at + 1 : -1);
        case '}' -> {
          int from = open.isEmpty() ? -1 : open.pop();
          if (from > start) {
            start = from;
            end = at;
          }
        }
        default -> {
          // Only braces matter.
        }
      }
    }
    return start < 0 ? Optional.empty() : Optional.of(text.substring(start, end).strip());
  }

  private static boolean isBox(String text, int brace) {
    int end = brace;
    while (end > 0 && text.charAt(end - 1) == ' ') {
      end--;
    }
    return text.startsWith("\\boxed", end - 6) || text.startsWith("\\fbox", end - 5);
  }

  /** The end of a box without braces that begins at {@code at}; {@code at} if there is none. */
  private static int bareEnd(String text, int at) {
    int start = at + BARE.length();
    int end = start;
    if (text.startsWith(BARE, at)) {
      while (end < text.length() && "$\n{ ".indexOf(text.charAt(end)) < 0) {
        end++;
      }
    }
    boolean braced = end < text.length() && text.charAt(end) == '{';
    return end > start && !braced ? end : at;
  }

  /** Whether two answers are written alike. */
  static boolean same(String first, String second) {
    return plain(first).equals(plain(second));
  }

  /** {@code answer} in the one way of writing. */
  static String plain(String answer) {
    String plain = answer.strip();
    if (plain.length() > LONGEST) {
      return plain;
    }
    for (Rule rule : RULES) {
      plain = rule.apply(plain);
    }
    return GROUPED.matcher(plain).matches() ? plain.replace(",", "") : plain;
  }
}
