package dev.cotrace.format.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression of a parsed template; {@code line} counts from 1. */
sealed interface Expression {
  int line();

  record Literal(int line, Value value) implements Expression {}

  record Name(int line, String name) implements Expression {}

  /** A list or tuple display. */
  record Display(int line, Value.Items.Kind kind, List<Expression> items) implements Expression {}

  record DictEntry(Expression key, Expression value) {}

  record Dict(int line, List<DictEntry> entries) implements Expression {}

  /** {@code target.name}: attribute first, then item. */
  record Attribute(int line, Expression target, String name) implements Expression {}

  /** {@code target[key]}: item first, then attribute. */
  record Item(int line, Expression target, Expression key) implements Expression {}

  record Slice(
      int line,
      Expression target,
      @Nullable Expression start,
      @Nullable Expression stop,
      @Nullable Expression step)
      implements Expression {}

  /** Arguments as written. */
  record Call(List<Expression> positional, List<Keyword> keywords) {}

  record Keyword(String name, Expression value) {}

  record Invocation(int line, Expression target, Call call) implements Expression {}

  record Filtered(int line, Expression input, String filter, Call call) implements Expression {}

  record Tested(int line, Expression input, String test, Call call) implements Expression {}

  /** {@code not}, unary minus and unary plus. */
  record Unary(int line, String operator, Expression operand) implements Expression {}

  record Binary(int line, String operator, Expression left, Expression right)
      implements Expression {}

  /** {@code and} and {@code or}, which give one of their operands. */
  record Logical(int line, boolean and, Expression left, Expression right) implements Expression {}

  record Comparison(String operator, Expression right) {}

  /** A chain {@code a < b <= c}. */
  record Compared(int line, Expression first, List<Comparison> rest) implements Expression {}

  /** {@code a ~ b ~ c}. */
  record Joined(int line, List<Expression> parts) implements Expression {}

  record Conditional(int line, Expression condition, Expression yes, @Nullable Expression otherwise)
      implements Expression {}
}
