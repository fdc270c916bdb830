package dev.cotrace.format.jinja;

import java.util.List;

/** A cursor over tokens that never moves past the end. */
final class TokenStream {
  /** Nested expressions and blocks; deeper source is refused before the parser's stack ends. */
  private static final int MAX_DEPTH = 100;

  private final List<Token> tokens;
  private int position;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(position);
  }

  Token following() {
    return tokens.get(Math.min(position + 1, tokens.size() - 1));
  }

  int line() {
    return current().line();
  }

  Token next() {
    Token token = current();
    if (token.kind() != Token.Kind.END) {
      position++;
    }
    return token;
  }

  boolean at(Token.Kind kind) {
    return current().kind() == kind;
  }

  boolean skipOperator(String operator) {
    boolean found = current().operator(operator);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipName(String name) {
    boolean found = current().name(name);
    if (found) {
      next();
    }
    return found;
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected(operator);
    }
  }

  String expectName() {
    if (!at(Token.Kind.NAME)) {
      throw unexpected("a name");
    }
    return next().text();
  }

  void expectKeyword(String name) {
    if (!skipName(name)) {
      throw unexpected(name);
    }
  }

  void expect(Token.Kind kind, String described) {
    if (!at(kind)) {
      throw unexpected(described);
    }
    next();
  }

  TemplateException unexpected(String expected) {
    return new TemplateException(
        line(), "expected %s, got %s".formatted(expected, current().described()));
  }

  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException(
          line(), "expected blocks and expressions nested at most %d deep".formatted(MAX_DEPTH));
    }
  }

  void leave() {
    depth--;
  }
}
