package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Computes expressions. */
final class ExpressionEvaluator {
  private final Budget budget;
  private int line = 1;

  ExpressionEvaluator(Budget budget) {
    this.budget = budget;
  }

  int line() {
    return line;
  }

  void at(int newLine) {
    line = newLine;
  }

  Value value(Expression expression, Scope scope) {
    budget.enter();
    line = expression.line();
    Value result =
        switch (expression) {
          case Expression.Literal(int at, Value value) -> value;
          case Expression.Name(int at, String name) -> scope.get(name);
          case Expression.Display display ->
              new Value.Items(display.kind(), values(display.items(), scope));
          case Expression.Dict dict -> dictionary(dict, scope);
          case Expression.Attribute attribute -> {
            Value target = value(attribute.target(), scope);
            yield Access.attribute(target, attribute.name(), budget);
          }
          case Expression.Item item -> {
            Value target = value(item.target(), scope);
            yield Access.item(target, value(item.key(), scope), budget);
          }
          case Expression.Slice slice -> slice(slice, scope);
          case Expression.Invocation invocation -> invoke(invocation, scope);
          case Expression.Filtered filtered -> {
            Value input = value(filtered.input(), scope);
            Arguments arguments = arguments(filtered.call(), scope);
            line = filtered.line();
            yield Filters.apply(filtered.filter(), input, arguments, budget);
          }
          case Expression.Tested tested -> {
            Value input = value(tested.input(), scope);
            Arguments arguments = arguments(tested.call(), scope);
            line = tested.line();
            yield Value.of(Tests.holds(tested.test(), input, arguments, budget));
          }
          case Expression.Unary unary ->
              Operators.unary(unary.operator(), value(unary.operand(), scope));
          case Expression.Binary binary -> {
            Value left = value(binary.left(), scope);
            Value right = value(binary.right(), scope);
            line = binary.line();
            yield Operators.binary(binary.operator(), left, right, budget);
          }
          case Expression.Logical logical -> {
            Value left = value(logical.left(), scope);
            yield Types.truth(left) == logical.and() ? value(logical.right(), scope) : left;
          }
          case Expression.Compared compared -> Value.of(compare(compared, scope));
          case Expression.Joined joined -> join(joined, scope);
          case Expression.Conditional conditional -> choose(conditional, scope);
        };
    budget.leave();
    return result;
  }

  Arguments arguments(Expression.Call call, Scope scope) {
    if (call.positional().isEmpty() && call.keywords().isEmpty()) {
      return Arguments.NONE;
    }
    Map<String, Value> keywords = new LinkedHashMap<>();
    List<Value> positional = values(call.positional(), scope);
    for (Expression.Keyword keyword : call.keywords()) {
      if (keywords.put(keyword.name(), value(keyword.value(), scope)) != null) {
        throw new Fault("got the argument %s twice".formatted(keyword.name()));
      }
    }
    return new Arguments(positional, keywords);
  }

  private List<Value> values(List<Expression> items, Scope scope) {
    List<Value> values = new ArrayList<>(items.size());
    for (Expression item : items) {
      values.add(value(item, scope));
    }
    return values;
  }

  private Value dictionary(Expression.Dict dict, Scope scope) {
    Map<Value, Value> entries = new LinkedHashMap<>();
    for (Expression.DictEntry entry : dict.entries()) {
      entries.put(Value.Mapping.key(value(entry.key(), scope)), value(entry.value(), scope));
    }
    return new Value.Mapping(entries);
  }

  private Value slice(Expression.Slice slice, Scope scope) {
    Value target = value(slice.target(), scope);
    Value start = optional(slice.start(), scope);
    Value stop = optional(slice.stop(), scope);
    Value step = optional(slice.step(), scope);
    line = slice.line();
    return Sequences.slice(target, start, stop, step, budget);
  }

  private Value optional(@Nullable Expression expression, Scope scope) {
    return expression == null ? Value.NONE : value(expression, scope);
  }

  private Value invoke(Expression.Invocation invocation, Scope scope) {
    Value target = value(invocation.target(), scope);
    Arguments arguments = arguments(invocation.call(), scope);
    line = invocation.line();
    if (target instanceof Value.Callable callable) {
      return callable.body().call(arguments);
    }
    throw new Fault("expected a function to call, got " + Types.name(target));
  }

  private boolean compare(Expression.Compared compared, Scope scope) {
    Value left = value(compared.first(), scope);
    for (Expression.Comparison comparison : compared.rest()) {
      Value right = value(comparison.right(), scope);
      line = compared.line();
      if (!Operators.compare(comparison.operator(), left, right, budget)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  private Value join(Expression.Joined joined, Scope scope) {
    StringBuilder text = new StringBuilder();
    for (Expression part : joined.parts()) {
      text.append(Printer.text(value(part, scope), budget));
      budget.text(text.length());
    }
    return new Value.Text(text.toString());
  }

  private Value choose(Expression.Conditional conditional, Scope scope) {
    if (Types.truth(value(conditional.condition(), scope))) {
      return value(conditional.yes(), scope);
    }
    Expression otherwise = conditional.otherwise();
    return otherwise == null
        ? new Value.Undefined("the inline if-expression has no else and its condition is false")
        : value(otherwise, scope);
  }
}
