package dev.cotrace.format.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Unary, binary and comparison operators. */
final class Operators {
  private Operators() {}

  static Value unary(String operator, Value operand) {
    if (operator.equals("not")) {
      return Value.of(!Types.truth(operand));
    }
    if (!Numbers.number(operand)) {
      throw new Fault(
          "expected a number after %s, got %s".formatted(operator, Types.name(operand)));
    }
    if (operator.equals("+")) {
      return operand instanceof Value.Bool ? new Value.Int(Numbers.integer(operand)) : operand;
    }
    return operand instanceof Value.Real(double number)
        ? new Value.Real(-number)
        : Numbers.arithmetic("-", new Value.Int(0), operand);
  }

  static Value binary(String operator, Value left, Value right, Budget budget) {
    if (Numbers.number(left) && Numbers.number(right)) {
      return Numbers.arithmetic(operator, left, right);
    }
    if (operator.equals("+")) {
      if (left instanceof Value.Text(String a) && right instanceof Value.Text(String b)) {
        budget.text((long) a.length() + b.length());
        return new Value.Text(a + b);
      }
      if (left instanceof Value.Items a && right instanceof Value.Items b && joinable(a, b)) {
        budget.spend((long) a.values().size() + b.values().size());
        List<Value> values = new ArrayList<>(a.values());
        values.addAll(b.values());
        return new Value.Items(a.kind(), values);
      }
    }
    if (operator.equals("*") && !(left instanceof Value.Real) && !(right instanceof Value.Real)) {
      if (Numbers.number(right)) {
        return repeat(left, Numbers.integer(right), budget);
      }
      if (Numbers.number(left)) {
        return repeat(right, Numbers.integer(left), budget);
      }
    }
    if (operator.equals("%") && left instanceof Value.Text) {
      throw new Fault(
          "expected ~ to put strings together: formatting with a percent sign is not known here");
    }
    throw unsupported(operator, left, right);
  }

  private static boolean joinable(Value.Items a, Value.Items b) {
    return a.kind() == b.kind() && a.kind() != Value.Items.Kind.VIEW;
  }

  private static Value repeat(Value value, long times, Budget budget) {
    long count = Math.max(0, times);
    return switch (value) {
      case Value.Text(String text) -> {
        budget.text(saturated(text.length(), count));
        yield new Value.Text(text.repeat((int) (text.isEmpty() ? 0 : count)));
      }
      case Value.Items items when items.kind() != Value.Items.Kind.VIEW -> {
        budget.spend(saturated(items.values().size(), count));
        List<Value> values = new ArrayList<>();
        for (long i = 0; i < count && !items.values().isEmpty(); i++) {
          values.addAll(items.values());
        }
        yield new Value.Items(items.kind(), values);
      }
      default -> throw unsupported("*", value, new Value.Int(times));
    };
  }

  private static long saturated(long size, long count) {
    return size == 0 || count < Long.MAX_VALUE / 2 / size ? size * count : Long.MAX_VALUE / 2;
  }

  static boolean compare(String operator, Value left, Value right, Budget budget) {
    return switch (operator) {
      case "==" -> equal(left, right, budget);
      case "!=" -> !equal(left, right, budget);
      case "in" -> contains(right, left, budget);
      case "not in" -> !contains(right, left, budget);
      case "<" -> !unordered(left, right) && order("<", left, right, budget) < 0;
      case "<=" -> !unordered(left, right) && order("<=", left, right, budget) <= 0;
      case ">" -> !unordered(left, right) && order(">", left, right, budget) > 0;
      case ">=" -> !unordered(left, right) && order(">=", left, right, budget) >= 0;
      default -> throw new Fault("expected a comparison, got " + operator);
    };
  }

  private static boolean unordered(Value left, Value right) {
    return (left instanceof Value.Real(double a) && Double.isNaN(a))
        || (right instanceof Value.Real(double b) && Double.isNaN(b));
  }

  /** Order of two numbers or two strings (by code points). */
  static int order(String operator, Value left, Value right, Budget budget) {
    if (Numbers.number(left) && Numbers.number(right)) {
      return Numbers.order(left, right);
    }
    if (left instanceof Value.Text(String a) && right instanceof Value.Text(String b)) {
      budget.text(Math.min(a.length(), b.length()));
      return Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
    }
    throw unsupported(operator, left, right);
  }

  static boolean equal(Value left, Value right, Budget budget) {
    budget.enter();
    boolean result =
        (Numbers.number(left) && Numbers.number(right))
            ? Numbers.equal(left, right)
            : switch (left) {
              case Value.Text(String a) -> {
                budget.text(a.length());
                yield right instanceof Value.Text(String b) && a.equals(b);
              }
              case Value.None none -> right instanceof Value.None;
              case Value.Undefined undefined -> right instanceof Value.Undefined;
              case Value.Items a ->
                  right instanceof Value.Items b && a.kind() == b.kind() && equal(a, b, budget);
              case Value.Mapping(Map<Value, Value> a) ->
                  right instanceof Value.Mapping(Map<Value, Value> b) && equal(a, b, budget);
              default -> same(left, right);
            };
    budget.leave();
    return result;
  }

  /** Namespaces and functions: by identity, since a namespace may hold itself. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean same(Value left, Value right) {
    return left == right;
  }

  private static boolean equal(Value.Items a, Value.Items b, Budget budget) {
    if (a.values().size() != b.values().size()) {
      return false;
    }
    for (int i = 0; i < a.values().size(); i++) {
      if (!equal(a.values().get(i), b.values().get(i), budget)) {
        return false;
      }
    }
    return true;
  }

  private static boolean equal(Map<Value, Value> a, Map<Value, Value> b, Budget budget) {
    if (a.size() != b.size()) {
      return false;
    }
    for (Map.Entry<Value, Value> entry : a.entrySet()) {
      Value other = b.get(entry.getKey());
      if (other == null || !equal(entry.getValue(), other, budget)) {
        return false;
      }
    }
    return true;
  }

  private static boolean contains(Value container, Value item, Budget budget) {
    return switch (container) {
      case Value.Text(String text) -> {
        if (!(item instanceof Value.Text(String part))) {
          throw unsupported("in", item, container);
        }
        budget.text(text.length());
        yield text.contains(part);
      }
      case Value.Mapping mapping -> mapping.entries().containsKey(Value.Mapping.key(item));
      default ->
          Sequences.list(container, budget).stream().anyMatch(each -> equal(each, item, budget));
    };
  }

  private static Fault unsupported(String operator, Value left, Value right) {
    return new Fault(
        "expected values that %s can work on, got %s and %s"
            .formatted(operator, Types.name(left), Types.name(right)));
  }
}
