package dev.cotrace.format;

import java.util.Optional;

/**
 * Whether a regular expression can be matched in few steps. Oniguruma, which tokenizers run, gives
 * up after ten million and its binding then ends the process. A pattern may be an alternation of
 * sequences with two unbounded repetitions each, at worst quadratic in a run of like characters:
 * that is what published tokenizers use. Nothing may be repeated inside a repetition.
 */
final class SplitPattern {
  private static final int LONGEST = 4000;
  private static final int MOST_REPEATS = 5;
  private static final int MOST_UNBOUNDED = 2;
  private static final int MOST_GROUPS = 2;
  private static final int MOST_CHOICES = 32;

  /** Repetitions up to this many count as few. */
  private static final int FEW = 8;

  private static final int MOST_TIMES = 1024;
  private static final String ESCAPES = "sSdDwWrntbBhHpPux";

  private final String regex;
  private int at;
  private boolean inGroup;
  private int repeats;
  private int unbounded;
  private int groups;
  private int choices;

  /** A repetition, group or escape that is not let through. */
  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String reason) {
      super(reason, null, false, false);
    }
  }

  private SplitPattern(String regex) {
    this.regex = regex;
  }

  /** What speaks against the pattern, as the end of "because it …"; empty for a good one. */
  static Optional<String> why(String regex) {
    try {
      new SplitPattern(regex).read();
      return Optional.empty();
    } catch (Refusal refusal) {
      return Optional.of(String.valueOf(refusal.getMessage()));
    }
  }

  private void read() {
    require(regex.length() <= LONGEST, "is longer than %d characters".formatted(LONGEST));
    boolean atom = false; // whether a repetition may follow
    boolean group = false; // whether what it would repeat is a group
    while (at < regex.length()) {
      char c = regex.charAt(at);
      group = c == ')';
      switch (c) {
        case '|' -> {
          choice();
          atom = false;
        }
        case '(' -> {
          open();
          atom = false;
        }
        case ')' -> {
          require(inGroup, "has a stray )");
          inGroup = false;
          at++;
          atom = true;
        }
        case '[' -> {
          characterClass();
          atom = true;
        }
        case '\\' -> {
          escape();
          atom = true;
        }
        case '*', '+', '?', '{' -> throw new Refusal("repeats nothing, or a repetition");
        default -> {
          at += Character.charCount(regex.codePointAt(at));
          atom = true;
        }
      }
      if (atom && repetition(group)) {
        atom = false;
      }
    }
    require(!inGroup, "has an open (");
  }

  private void choice() {
    at++;
    if (inGroup) {
      require(++choices <= MOST_CHOICES, "has a group of too many alternatives");
    } else {
      repeats = 0;
      unbounded = 0;
      groups = 0;
    }
  }

  private void open() {
    require(!inGroup, "has a group in a group");
    require(++groups <= MOST_GROUPS, "has more than two groups in a row");
    inGroup = true;
    choices = 1;
    at++;
    if (regex.startsWith("?", at)) {
      int begin = at;
      for (String kind : new String[] {"?:", "?i:", "?=", "?!"}) {
        if (regex.startsWith(kind, at)) {
          at += kind.length();
          break;
        }
      }
      require(at > begin, "has a group of an unknown kind");
    }
  }

  private void characterClass() {
    int depth = 0;
    do {
      require(at < regex.length(), "has an open [");
      char c = regex.charAt(at);
      if (c == '\\') {
        escape();
      } else {
        depth += c == '[' ? 1 : c == ']' ? -1 : 0;
        at++;
      }
    } while (depth > 0);
  }

  private void escape() {
    require(at + 1 < regex.length(), "ends with \\");
    char c = regex.charAt(at + 1);
    boolean letterOrDigit = c < 128 && Character.isLetterOrDigit(c);
    require(!letterOrDigit || ESCAPES.indexOf(c) >= 0, "has the unknown escape \\" + c);
    at += 2;
    if ((c == 'p' || c == 'P' || c == 'x') && regex.startsWith("{", at)) {
      at = regex.indexOf('}', at) + 1;
      require(at > 0, "has an open {");
    }
  }

  /** Reads what stands behind an atom; whether it was a repetition. */
  private boolean repetition(boolean group) {
    if (at == regex.length() || "*+?{".indexOf(regex.charAt(at)) < 0) {
      return false;
    }
    char c = regex.charAt(at++);
    boolean few = c == '?';
    if (c == '{') {
      few = times();
    } else if (at < regex.length() && "+?".indexOf(regex.charAt(at)) >= 0) {
      at++; // possessive or lazy
    }
    require(!group || c == '?', "repeats a group");
    require(++repeats <= MOST_REPEATS, "repeats more than five things in a row");
    unbounded += few ? 0 : 1;
    require(unbounded <= MOST_UNBOUNDED, "has more than two unbounded repetitions in a row");
    return true;
  }

  /** Reads {@code n}}, {@code n,}} or {@code n,m}}; whether the times are few. */
  private boolean times() {
    int end = regex.indexOf('}', at);
    require(end > at && end - at <= 9, "has an open {");
    String[] bounds = regex.substring(at, end).split(",", -1);
    at = end + 1;
    int most = 0;
    for (String bound : bounds) {
      require(bound.matches("[0-9]{0,4}") && bounds.length <= 2, "has an odd { }");
      most = bound.isEmpty() ? Integer.MAX_VALUE : Math.max(most, Integer.parseInt(bound));
      require(bound.isEmpty() || most <= MOST_TIMES, "repeats something too many times");
    }
    boolean exactly = bounds.length == 1;
    return most <= FEW || (exactly && most <= MOST_TIMES);
  }

  private static void require(boolean holds, String why) {
    if (!holds) {
      throw new Refusal(why);
    }
  }
}
