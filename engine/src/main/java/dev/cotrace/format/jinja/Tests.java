package dev.cotrace.format.jinja;

/** The tests of jinja2 that chat templates use ({@code x is string}). */
final class Tests {
  private Tests() {}

  static boolean holds(String name, Value value, Arguments arguments, Budget budget) {
    return switch (name) {
      case "eq", "equalto", "sameas" -> compared(name, "==", value, arguments, budget);
      case "ne" -> compared(name, "!=", value, arguments, budget);
      case "lt", "lessthan" -> compared(name, "<", value, arguments, budget);
      case "le" -> compared(name, "<=", value, arguments, budget);
      case "gt", "greaterthan" -> compared(name, ">", value, arguments, budget);
      case "ge" -> compared(name, ">=", value, arguments, budget);
      case "in" -> compared(name, "in", value, arguments, budget);
      case "==", "!=", "<", "<=", ">", ">=" -> compared(name, name, value, arguments, budget);
      case "divisibleby" -> {
        long divisor = Numbers.integer(arguments.bind(name, "num").required("num"));
        if (divisor == 0) {
          throw new Fault("expected a divisor other than zero");
        }
        yield Numbers.integer(value) % divisor == 0;
      }
      default -> {
        arguments.bind("test " + name);
        yield plain(name, value);
      }
    };
  }

  private static boolean compared(
      String name, String operator, Value value, Arguments arguments, Budget budget) {
    Value other = arguments.bind("test " + name, "other").required("other");
    if (name.equals("sameas") && value.getClass() != other.getClass()) {
      return false;
    }
    return Operators.compare(operator, value, other, budget);
  }

  private static boolean plain(String name, Value value) {
    return switch (name) {
      case "defined" -> !(value instanceof Value.Undefined);
      case "undefined" -> value instanceof Value.Undefined;
      case "none" -> value instanceof Value.None;
      case "true" -> value instanceof Value.Bool(boolean truth) && truth;
      case "false" -> value instanceof Value.Bool(boolean truth) && !truth;
      case "boolean" -> value instanceof Value.Bool;
      case "string" -> value instanceof Value.Text;
      case "number" -> Numbers.number(value);
      case "integer" -> value instanceof Value.Int;
      case "float" -> value instanceof Value.Real;
      case "mapping" -> value instanceof Value.Mapping;
      case "callable" -> value instanceof Value.Callable;
      case "iterable" ->
          sized(value) || value instanceof Value.Generator || value instanceof Value.Loop;
      case "sequence" ->
          sized(value)
              && !(value instanceof Value.Items items && items.kind() == Value.Items.Kind.VIEW);
      case "odd" -> Math.floorMod(Numbers.integer(value), 2L) == 1;
      case "even" -> Math.floorMod(Numbers.integer(value), 2L) == 0;
      case "upper" -> text(value).equals(TextFilters.upper(text(value))) && cased(value);
      case "lower" -> text(value).equals(TextFilters.lower(text(value))) && cased(value);
      default -> throw new Fault("expected a test that is known here, got " + name);
    };
  }

  /** Undefined values too, which jinja2 treats as empty sequences here. */
  private static boolean sized(Value value) {
    return value instanceof Value.Text
        || value instanceof Value.Items
        || value instanceof Value.Mapping
        || value instanceof Value.Undefined;
  }

  private static String text(Value value) {
    return Printer.text(value, new Budget());
  }

  private static boolean cased(Value value) {
    return text(value)
        .codePoints()
        .anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c));
  }
}
