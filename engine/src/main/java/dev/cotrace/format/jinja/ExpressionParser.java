package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Parses operators, loosest binding first: conditional, or, and, not, comparison, + −, ~, * / // %,
 * **, unary. Their operands are {@link OperandParser}'s.
 */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> SUMS = Set.of("+", "-");
  private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");

  private final TokenStream tokens;
  private final OperandParser operands;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.operands = new OperandParser(tokens, this);
  }

  Expression expression() {
    return expression(true);
  }

  /** One expression, or several with commas as a tuple. */
  Expression tuple(boolean conditional) {
    int line = tokens.line();
    Expression first = expression(conditional);
    if (!tokens.current().operator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (tokens.skipOperator(",") && !atTupleEnd()) {
      items.add(expression(conditional));
    }
    return new Expression.Display(line, Value.Items.Kind.TUPLE, List.copyOf(items));
  }

  private boolean atTupleEnd() {
    return tokens.at(Token.Kind.VARIABLE_END)
        || tokens.at(Token.Kind.BLOCK_END)
        || tokens.current().operator(")");
  }

  /** {@code conditional} is off where a following {@code if} belongs to a statement. */
  private Expression expression(boolean conditional) {
    tokens.enter();
    Expression result = or();
    while (conditional && tokens.current().name("if")) {
      int line = tokens.next().line();
      Expression condition = or();
      Expression otherwise = tokens.skipName("else") ? expression(true) : null;
      result = new Expression.Conditional(line, condition, result, otherwise);
    }
    tokens.leave();
    return result;
  }

  private Expression or() {
    Expression left = and();
    while (tokens.current().name("or")) {
      int line = tokens.next().line();
      left = new Expression.Logical(line, false, left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.current().name("and")) {
      int line = tokens.next().line();
      left = new Expression.Logical(line, true, left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.current().name("not")) {
      return comparison();
    }
    int line = tokens.next().line();
    tokens.enter();
    Expression operand = not();
    tokens.leave();
    return new Expression.Unary(line, "not", operand);
  }

  private Expression comparison() {
    int line = tokens.line();
    Expression first = sum();
    List<Expression.Comparison> rest = new ArrayList<>();
    while (true) {
      Token token = tokens.current();
      String operator;
      if (token.kind() == Token.Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operator = tokens.next().text();
      } else if (tokens.skipName("in")) {
        operator = "in";
      } else if (token.name("not") && tokens.following().name("in")) {
        tokens.next();
        tokens.next();
        operator = "not in";
      } else {
        return rest.isEmpty() ? first : new Expression.Compared(line, first, List.copyOf(rest));
      }
      rest.add(new Expression.Comparison(operator, sum()));
    }
  }

  private Expression sum() {
    Expression left = join();
    while (atOneOf(SUMS)) {
      Token operator = tokens.next();
      left = new Expression.Binary(operator.line(), operator.text(), left, join());
    }
    return left;
  }

  private Expression join() {
    int line = tokens.line();
    List<Expression> parts = new ArrayList<>(List.of(product()));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.Joined(line, List.copyOf(parts));
  }

  private Expression product() {
    Expression left = power();
    while (atOneOf(PRODUCTS)) {
      Token operator = tokens.next();
      left = new Expression.Binary(operator.line(), operator.text(), left, power());
    }
    return left;
  }

  /** Left-associative, unlike Python's, as in jinja2. */
  private Expression power() {
    Expression left = unary(true);
    while (tokens.current().operator("**")) {
      int line = tokens.next().line();
      left = new Expression.Binary(line, "**", left, unary(true));
    }
    return left;
  }

  private boolean atOneOf(Set<String> operators) {
    return tokens.at(Token.Kind.OPERATOR) && operators.contains(tokens.current().text());
  }

  private Expression unary(boolean filtered) {
    Expression result;
    if (atOneOf(SUMS)) {
      Token operator = tokens.next();
      tokens.enter();
      result = new Expression.Unary(operator.line(), operator.text(), unary(false));
      tokens.leave();
    } else {
      result = operands.primary();
    }
    result = operands.postfix(result);
    return filtered ? operands.filters(result) : result;
  }

  /** A call's arguments where brackets follow, else none. */
  Expression.Call optionalCall() {
    return operands.optionalCall();
  }
}
