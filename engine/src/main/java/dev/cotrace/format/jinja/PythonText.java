package dev.cotrace.format.jinja;

/** Text as Python sees it: its white space, its escapes, its code points. */
final class PythonText {
  private PythonText() {}

  /** Python's {@code str.isspace} for one character. */
  static boolean space(int c) {
    return switch (c) {
      case 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 -> true;
      default -> (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || (c >= 0x2000 && c <= 0x200a);
    };
  }

  /** Whether text is white space only, and some. */
  static boolean blank(String text) {
    return !text.isEmpty() && text.chars().allMatch(PythonText::space);
  }

  static String stripEnd(String text) {
    int end = text.length();
    while (end > 0 && space(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  static String stripStart(String text) {
    int start = 0;
    while (start < text.length() && space(text.charAt(start))) {
      start++;
    }
    return text.substring(start);
  }

  /** Number of code points. */
  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** Code points from {@code from} to {@code to}, both within the text. */
  static String slice(String text, int from, int to) {
    int begin = text.offsetByCodePoints(0, from);
    return text.substring(begin, text.offsetByCodePoints(begin, to - from));
  }

  /** Resolves the backslash escapes of a string literal; unknown ones stay as they are. */
  static String unescape(String content, int line) {
    if (content.indexOf('\\') < 0) {
      return content;
    }
    StringBuilder out = new StringBuilder();
    int at = 0;
    while (at < content.length()) {
      char c = content.charAt(at++);
      if (c != '\\' || at == content.length()) {
        out.append(c);
      } else {
        at = escape(content, at, line, out);
      }
    }
    return out.toString();
  }

  private static int escape(String content, int at, int line, StringBuilder out) {
    char c = content.charAt(at);
    int plain = "\\'\"abfnrtv\n".indexOf(c);
    if (plain >= 0) {
      out.append(c == '\n' ? "" : "\\'\"\u0007\b\f\n\r\t\u000b".substring(plain, plain + 1));
      return at + 1;
    }
    if (c >= '0' && c <= '7') {
      return octal(content, at, out);
    }
    int digits =
        switch (c) {
          case 'x' -> 2;
          case 'u' -> 4;
          case 'U' -> 8;
          default -> 0;
        };
    if (digits == 0) {
      if (c == 'N') {
        throw new TemplateException(line, "expected no \\N escape: character names are not known");
      }
      out.append('\\').append(c);
      return at + 1;
    }
    int end = at + 1 + digits;
    try {
      out.appendCodePoint(Integer.parseUnsignedInt(content.substring(at + 1, end), 16));
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new TemplateException(
          line, "expected %d hexadecimal digits after \\%c".formatted(digits, c));
    }
    return end;
  }

  private static int octal(String content, int at, StringBuilder out) {
    int end = at;
    int value = 0;
    while (end < content.length()
        && end < at + 3
        && content.charAt(end) >= '0'
        && content.charAt(end) <= '7') {
      value = 8 * value + content.charAt(end++) - '0';
    }
    out.appendCodePoint(value);
    return end;
  }
}
