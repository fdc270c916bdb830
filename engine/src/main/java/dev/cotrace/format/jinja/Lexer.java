package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Cuts a template into text and tags, with jinja2's whitespace rules under {@code trim_blocks} (the
 * newline after a block or comment goes) and {@code lstrip_blocks} (blanks before a block or
 * comment that begins its line go). A minus sign in a tag strips all white space on its side, a
 * plus sign keeps it.
 */
final class Lexer {
  private static final Pattern RAW_BEGIN = Pattern.compile("\\{%[-+]?\\s*raw\\s*(-%\\}\\s*|%\\})");
  private static final Pattern RAW_END =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(\\+%\\}|-%\\}\\s*|%\\}\\n?)");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;

  /** Whether the last consumed tag took a line break with it. */
  private boolean lineStarting = true;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String source) {
    String text = source.replace("\r\n", "\n").replace('\r', '\n');
    // As jinja2 does with keep_trailing_newline off.
    return new Lexer(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text).run();
  }

  private List<Token> run() {
    while (position < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        data(source.substring(position));
        position = source.length();
      } else {
        tag(tag);
      }
    }
    tokens.add(new Token(Token.Kind.END, "", line));
    return tokens;
  }

  private int nextTag() {
    for (int at = source.indexOf('{', position); at >= 0; at = source.indexOf('{', at + 1)) {
      if (at + 1 < source.length() && "%{#".indexOf(source.charAt(at + 1)) >= 0) {
        return at;
      }
    }
    return -1;
  }

  private void tag(int at) {
    char kind = source.charAt(at + 1);
    data(stripped(source.substring(position, at), sign(at + 2), kind != '{'));
    position = at;
    switch (kind) {
      case '#' -> comment();
      case '{' -> inside(Token.Kind.VARIABLE_BEGIN);
      default -> {
        Matcher raw = RAW_BEGIN.matcher(source).region(at, source.length());
        if (raw.lookingAt()) {
          raw(raw.end());
        } else {
          inside(Token.Kind.BLOCK_BEGIN);
        }
      }
    }
  }

  private char sign(int at) {
    char c = at < source.length() ? source.charAt(at) : ' ';
    return c == '-' || c == '+' ? c : ' ';
  }

  private String stripped(String text, char sign, boolean block) {
    if (sign == '-') {
      consumeLines(text.substring(PythonText.stripEnd(text).length()));
      return PythonText.stripEnd(text);
    }
    if (sign != '+' && block) {
      int start = text.lastIndexOf('\n') + 1;
      if ((start > 0 || lineStarting) && PythonText.blank(text.substring(start))) {
        return text.substring(0, start);
      }
    }
    return text;
  }

  /** Lines that are stripped from the text before a tag still count. */
  private void consumeLines(String text) {
    pendingLines += count(text);
  }

  private int pendingLines;

  private void data(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Token.Kind.DATA, text, line));
    }
    line += count(text) + pendingLines;
    pendingLines = 0;
    lineStarting = false;
  }

  private static int count(String text) {
    return (int) text.chars().filter(c -> c == '\n').count();
  }

  private void comment() {
    int end = source.indexOf("#}", position + 2);
    if (end < 0) {
      throw new TemplateException(line, "expected a comment to end with #}");
    }
    boolean signed = end > position + 2;
    finish(end + 2, signed ? source.charAt(end - 1) : ' ', true);
  }

  private void raw(int contentStart) {
    line += count(source.substring(position, contentStart));
    lineStarting = source.charAt(contentStart - 1) == '\n';
    Matcher end = RAW_END.matcher(source);
    if (!end.find(contentStart)) {
      throw new TemplateException(line, "expected {% raw %} to end with {% endraw %}");
    }
    char sign = end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0);
    data(stripped(source.substring(contentStart, end.start()), sign, true));
    line += count(end.group());
    position = end.end();
    lineStarting = end.group().endsWith("\n");
  }

  private void inside(Token.Kind begin) {
    boolean block = begin == Token.Kind.BLOCK_BEGIN;
    tokens.add(new Token(begin, "", line));
    int start = position + (sign(position + 2) == ' ' ? 2 : 3);
    TagLexer tag = new TagLexer(source, start, line, block ? "%}" : "}}", tokens);
    int end = tag.run();
    line = tag.line();
    tokens.add(new Token(block ? Token.Kind.BLOCK_END : Token.Kind.VARIABLE_END, "", line));
    position = end;
    finish(end + 2, source.charAt(end - 1), block);
  }

  /** Moves past a tag that ends before {@code end}, and past the white space its sign takes. */
  private void finish(int end, char sign, boolean trimmed) {
    int next = end;
    if (sign == '-') {
      while (next < source.length() && PythonText.space(source.charAt(next))) {
        next++;
      }
    } else if (trimmed && sign != '+' && next < source.length() && source.charAt(next) == '\n') {
      next++;
    }
    line += count(source.substring(position, next));
    position = next;
    lineStarting = source.charAt(next - 1) == '\n';
  }
}
