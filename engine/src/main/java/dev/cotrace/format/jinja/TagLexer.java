package dev.cotrace.format.jinja;

import java.util.List;

/** Cuts the inside of one tag into names, numbers, strings and operators. */
final class TagLexer {
  /** Longest first. */
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final String end;
  private final List<Token> tokens;
  private int position;
  private int line;
  private int open;

  TagLexer(String source, int position, int line, String end, List<Token> tokens) {
    this.source = source;
    this.position = position;
    this.line = line;
    this.end = end;
    this.tokens = tokens;
  }

  int line() {
    return line;
  }

  /** Adds the tag's tokens; returns where its closing characters begin (after a sign). */
  int run() {
    while (position < source.length()) {
      char c = source.charAt(position);
      // Inside brackets }} closes two of them.
      if (open == 0 && source.startsWith(end, position + (signed(c) ? 1 : 0))) {
        return position + (signed(c) ? 1 : 0);
      }
      if (PythonText.space(c)) {
        line += c == '\n' ? 1 : 0;
        position++;
      } else if (c == '\'' || c == '"') {
        string(c);
      } else if (Character.isDigit(c)) {
        number();
      } else if (Character.isLetter(c) || c == '_') {
        name();
      } else {
        operator();
      }
    }
    throw new TemplateException(line, "expected a tag to end with " + end);
  }

  private boolean signed(char c) {
    return c == '-' || (c == '+' && end.equals("%}"));
  }

  private void string(char quote) {
    int at = position + 1;
    while (at < source.length() && source.charAt(at) != quote) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= source.length()) {
      throw new TemplateException(line, "expected a string to end with " + quote);
    }
    String content = source.substring(position + 1, at);
    tokens.add(new Token(Token.Kind.STRING, PythonText.unescape(content, line), line));
    line += (int) content.chars().filter(c -> c == '\n').count();
    position = at + 1;
  }

  private void number() {
    int at = digits(position);
    boolean afterDot = position > 0 && source.charAt(position - 1) == '.';
    boolean real = false;
    if (!afterDot && at + 1 < source.length() && source.charAt(at) == '.' && digit(at + 1)) {
      at = digits(at + 1);
      real = true;
    }
    int exponent = at + 1;
    if (!afterDot && at < source.length() && (source.charAt(at) | 32) == 'e') {
      if (exponent < source.length() && "+-".indexOf(source.charAt(exponent)) >= 0) {
        exponent++;
      }
      if (digit(exponent)) {
        at = digits(exponent);
        real = true;
      }
    }
    if (at < source.length() && Character.isLetter(source.charAt(at))) {
      throw new TemplateException(
          line, "expected a decimal number, got " + source.substring(position, at + 1));
    }
    String text = source.substring(position, at).replace("_", "");
    tokens.add(new Token(real ? Token.Kind.FLOAT : Token.Kind.INTEGER, text, line));
    position = at;
  }

  private boolean digit(int at) {
    return at < source.length() && source.charAt(at) >= '0' && source.charAt(at) <= '9';
  }

  private int digits(int from) {
    int at = from;
    while (digit(at) || (at < source.length() && source.charAt(at) == '_' && digit(at + 1))) {
      at++;
    }
    if (at == from) {
      throw new TemplateException(line, "expected a number in ASCII digits");
    }
    return at;
  }

  private void name() {
    int at = position;
    while (at < source.length()
        && (Character.isLetterOrDigit(source.charAt(at)) || source.charAt(at) == '_')) {
      at++;
    }
    tokens.add(new Token(Token.Kind.NAME, source.substring(position, at), line));
    position = at;
  }

  private void operator() {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, position)) {
        open += "([{".contains(operator) ? 1 : ")]}".contains(operator) ? -1 : 0;
        if (open < 0) {
          throw new TemplateException(line, "expected brackets in pairs, got a lone " + operator);
        }
        tokens.add(new Token(Token.Kind.OPERATOR, operator, line));
        position += operator.length();
        return;
      }
    }
    throw new TemplateException(
        line, "expected an expression, got the character " + source.charAt(position));
  }
}
