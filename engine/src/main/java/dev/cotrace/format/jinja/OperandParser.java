package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses what operators stand between: literals, names, subscripts, calls, filters, tests. */
final class OperandParser {
  private static final Set<Token.Kind> TEST_ARGUMENTS =
      Set.of(Token.Kind.NAME, Token.Kind.STRING, Token.Kind.INTEGER, Token.Kind.FLOAT);

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  OperandParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expression primary() {
    Token token = tokens.current();
    return switch (token.kind()) {
      case NAME -> name(tokens.next());
      case STRING -> strings(token.line());
      case INTEGER -> new Expression.Literal(token.line(), integer(tokens.next()));
      case FLOAT -> {
        tokens.next();
        yield new Expression.Literal(
            token.line(), new Value.Real(Double.parseDouble(token.text())));
      }
      case OPERATOR -> display(token);
      default -> throw tokens.unexpected("an expression");
    };
  }

  private Expression display(Token token) {
    if (tokens.skipOperator("(")) {
      if (tokens.skipOperator(")")) {
        return new Expression.Display(token.line(), Value.Items.Kind.TUPLE, List.of());
      }
      Expression inner = expressions.tuple(true);
      tokens.expectOperator(")");
      return inner;
    }
    if (tokens.skipOperator("[")) {
      List<Expression> items = new ArrayList<>();
      while (!tokens.skipOperator("]")) {
        separate(items.size());
        if (!tokens.current().operator("]")) {
          items.add(expressions.expression());
        }
      }
      return new Expression.Display(token.line(), Value.Items.Kind.LIST, List.copyOf(items));
    }
    if (tokens.skipOperator("{")) {
      return dictionary(token.line());
    }
    throw tokens.unexpected("an expression");
  }

  private Expression dictionary(int line) {
    List<Expression.DictEntry> entries = new ArrayList<>();
    while (!tokens.skipOperator("}")) {
      separate(entries.size());
      if (!tokens.current().operator("}")) {
        Expression key = expressions.expression();
        tokens.expectOperator(":");
        entries.add(new Expression.DictEntry(key, expressions.expression()));
      }
    }
    return new Expression.Dict(line, List.copyOf(entries));
  }

  private void separate(int before) {
    if (before > 0) {
      tokens.expectOperator(",");
    }
  }

  private static Expression name(Token token) {
    return switch (token.text()) {
      case "true", "True" -> new Expression.Literal(token.line(), Value.TRUE);
      case "false", "False" -> new Expression.Literal(token.line(), Value.FALSE);
      case "none", "None" -> new Expression.Literal(token.line(), Value.NONE);
      default -> new Expression.Name(token.line(), token.text());
    };
  }

  /** Adjacent strings are one. */
  private Expression strings(int line) {
    StringBuilder text = new StringBuilder();
    while (tokens.at(Token.Kind.STRING)) {
      text.append(tokens.next().text());
    }
    return new Expression.Literal(line, new Value.Text(text.toString()));
  }

  private static Value integer(Token token) {
    try {
      return new Value.Int(Long.parseLong(token.text()));
    } catch (NumberFormatException e) {
      throw new TemplateException(
          token.line(), "expected an integer below 2^63, got " + token.text());
    }
  }

  Expression postfix(Expression target) {
    Expression result = target;
    while (true) {
      int line = tokens.line();
      if (tokens.skipOperator(".")) {
        result =
            tokens.at(Token.Kind.INTEGER)
                ? new Expression.Item(
                    line, result, new Expression.Literal(line, integer(tokens.next())))
                : new Expression.Attribute(line, result, tokens.expectName());
      } else if (tokens.skipOperator("[")) {
        result = subscript(line, result);
        tokens.expectOperator("]");
      } else if (tokens.current().operator("(")) {
        result = new Expression.Invocation(line, result, call());
      } else {
        return result;
      }
    }
  }

  private Expression subscript(int line, Expression target) {
    Expression start = tokens.current().operator(":") ? null : expressions.expression();
    if (start != null && !tokens.current().operator(":")) {
      return new Expression.Item(line, target, start);
    }
    tokens.expectOperator(":");
    Expression stop = bound();
    Expression step = tokens.skipOperator(":") ? bound() : null;
    return new Expression.Slice(line, target, start, stop, step);
  }

  private @Nullable Expression bound() {
    return tokens.current().operator(":") || tokens.current().operator("]")
        ? null
        : expressions.expression();
  }

  Expression filters(Expression input) {
    Expression result = input;
    while (true) {
      int line = tokens.line();
      if (tokens.skipOperator("|")) {
        String filter = tokens.expectName();
        result = new Expression.Filtered(line, result, filter, optionalCall());
      } else if (tokens.skipName("is")) {
        result = test(line, result);
      } else if (tokens.current().operator("(")) {
        result = new Expression.Invocation(line, result, call());
      } else {
        return result;
      }
    }
  }

  private Expression test(int line, Expression input) {
    boolean negated = tokens.skipName("not");
    String name = tokens.expectName();
    Expression.Call call;
    Token token = tokens.current();
    if (token.operator("(")) {
      call = call();
    } else if ((TEST_ARGUMENTS.contains(token.kind()) || token.operator("[") || token.operator("{"))
        && !endsTest(token)) {
      call = new Expression.Call(List.of(postfix(primary())), List.of());
    } else {
      call = new Expression.Call(List.of(), List.of());
    }
    Expression tested = new Expression.Tested(line, input, name, call);
    return negated ? new Expression.Unary(line, "not", tested) : tested;
  }

  /** Words that follow a test and are no argument of it. */
  private static boolean endsTest(Token token) {
    return token.kind() == Token.Kind.NAME
        && Set.of("else", "or", "and", "is", "if", "in", "not").contains(token.text());
  }

  /** A call's arguments where brackets follow, else none. */
  Expression.Call optionalCall() {
    return tokens.current().operator("(") ? call() : new Expression.Call(List.of(), List.of());
  }

  private Expression.Call call() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    List<Expression.Keyword> keywords = new ArrayList<>();
    while (!tokens.skipOperator(")")) {
      separate(positional.size() + keywords.size());
      if (tokens.current().operator(")")) {
        continue;
      }
      if (tokens.at(Token.Kind.NAME) && tokens.following().operator("=")) {
        String name = tokens.expectName();
        tokens.next();
        keywords.add(new Expression.Keyword(name, expressions.expression()));
      } else if (keywords.isEmpty()) {
        positional.add(expressions.expression());
      } else {
        throw tokens.unexpected("a keyword argument");
      }
    }
    return new Expression.Call(List.copyOf(positional), List.copyOf(keywords));
  }
}
