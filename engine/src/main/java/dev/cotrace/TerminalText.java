package dev.cotrace;

import dev.cotrace.task.TokenText;

/**
 * Text of models and prompts as a terminal may show it. It is anybody's: what would move the cursor
 * or turn text around is spelled out as JSON spells it, with four hexadecimal digits.
 */
public final class TerminalText {
  private TerminalText() {}

  /** {@code text} in lines as it stands: newlines and tabs stay. */
  public static String lines(String text) {
    if (text.codePoints().noneMatch(TerminalText::isSpelledOut)) {
      return text;
    }
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .forEach(c -> {
          if (isSpelledOut(c)) {
            TokenText.spellOut(safe, c);
          } else {
            safe.appendCodePoint(c);
          }
        });
    return safe.toString();
  }

  private static boolean isSpelledOut(int c) {
    return c != '\n' && c != '\t' && TokenText.isUnsafe(c);
  }

  /** {@code text} in one line, its newlines and backslashes spelled out too. */
  public static String line(String text) {
    String quoted = TokenText.quoted(text);
    return quoted.substring(1, quoted.length() - 1);
  }

  /** The first {@code most} characters of {@code text} as {@link #line}, in quotes. */
  public static String quoted(String text, int most) {
    boolean longer = text.codePointCount(0, text.length()) > most;
    int end = longer ? text.offsetByCodePoints(0, most) : text.length();
    return TokenText.quoted(text.substring(0, end)) + (longer ? " …" : "");
  }
}
