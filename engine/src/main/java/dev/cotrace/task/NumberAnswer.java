package dev.cotrace.task;

import java.util.Optional;

/**
 * The number that a text gives as its answer, as GSM8K's graders look for it: the one after the
 * last {@code ####}, else the last one in the text.
 *
 * <p>Numbers are compared by value: {@code $1,000.00} is {@code 1000}. Currency, percent signs,
 * units and full stops around a number do not count, commas between groups of three digits neither,
 * and digits of any script are digits. Every step takes time in proportion to the text's length.
 */
final class NumberAnswer {
  private static final String MARK = "####";

  private NumberAnswer() {}

  /** The number in plain digits, such as {@code -1000.5}, if there is one. */
  static Optional<String> of(String text) {
    int mark = text.lastIndexOf(MARK);
    if (mark >= 0) {
      Optional<String> marked = first(text.substring(mark + MARK.length()));
      if (marked.isPresent()) {
        return marked;
      }
    }
    return last(text);
  }

  /** The first number of {@code text}. */
  static Optional<String> first(String text) {
    return scan(ascii(text), /* last= */ false);
  }

  /** The last number of {@code text}. */
  static Optional<String> last(String text) {
    return scan(ascii(text), /* last= */ true);
  }

  /** Digits of all scripts as 0 to 9, the long minus sign as a hyphen, currencies as dollars. */
  private static String ascii(String text) {
    StringBuilder ascii = new StringBuilder(text.length());
    text.codePoints().forEach(c -> ascii.append(ascii(c)));
    return ascii.toString();
  }

  private static char ascii(int c) {
    if (c < 128) {
      return (char) c;
    }
    return Character.isDigit(c)
        ? (char) ('0' + Character.digit(c, 10))
        : c == '\u2212' ? '-' : Character.getType(c) == Character.CURRENCY_SYMBOL ? '$' : ' ';
  }

  private static Optional<String> scan(String text, boolean last) {
    Optional<String> found = Optional.empty();
    int at = 0;
    while (at < text.length()) {
      if (!beginsAt(text, at)) {
        at++;
        continue;
      }
      int end = end(text, at);
      found = Optional.of(plain(text.substring(at, end), isNegative(text, at)));
      if (!last) {
        return found;
      }
      at = end;
    }
    return found;
  }

  private static boolean beginsAt(String text, int at) {
    return isDigit(text, at)
        || (text.charAt(at) == '.' && isDigit(text, at + 1) && !isDigit(text, at - 1));
  }

  /** Behind the digits from {@code at} on, with their groups and their fraction. */
  private static int end(String text, int at) {
    int end = digits(text, at);
    if (end > at && end - at <= 3) {
      while (isGroup(text, end)) {
        end += 4;
      }
    }
    return end < text.length() && text.charAt(end) == '.' && isDigit(text, end + 1)
        ? digits(text, end + 1)
        : end;
  }

  private static int digits(String text, int at) {
    int end = at;
    while (isDigit(text, end)) {
      end++;
    }
    return end;
  }

  /** A comma and three digits, and no fourth. */
  private static boolean isGroup(String text, int at) {
    return at < text.length()
        && text.charAt(at) == ','
        && isDigit(text, at + 1)
        && isDigit(text, at + 2)
        && isDigit(text, at + 3)
        && !isDigit(text, at + 4);
  }

  /** A hyphen before the number, or before its currency sign, that does not take away from it. */
  private static boolean isNegative(String text, int at) {
    int sign = at - 1;
    while (sign >= 0 && (text.charAt(sign) == '$' || text.charAt(sign) == '\\')) {
      sign--;
    }
    if (sign < 0 || text.charAt(sign) != '-') {
      return false;
    }
    char before = sign == 0 ? ' ' : text.charAt(sign - 1);
    return !(Character.isLetterOrDigit(before) || before == ')');
  }

  /** Without commas, leading zeros and zeros that end a fraction. */
  private static String plain(String number, boolean negative) {
    String digits = number.replace(",", "");
    int point = digits.indexOf('.');
    String whole = point < 0 ? digits : digits.substring(0, point);
    String fraction = point < 0 ? "" : digits.substring(point + 1);
    int first = 0;
    while (first < whole.length() - 1 && whole.charAt(first) == '0') {
      first++;
    }
    int end = fraction.length();
    while (end > 0 && fraction.charAt(end - 1) == '0') {
      end--;
    }
    String plain =
        (whole.isEmpty() ? "0" : whole.substring(first))
            + (end == 0 ? "" : "." + fraction.substring(0, end));
    return negative && !plain.equals("0") ? "-" + plain : plain;
  }

  private static boolean isDigit(String text, int at) {
    return at >= 0 && at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
  }
}
