package dev.cotrace.format.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** {@code int}, {@code float}, {@code abs} and {@code round}. */
final class NumberFilters {
  private NumberFilters() {}

  static Value apply(String name, Value input, Arguments arguments) {
    return switch (name) {
      case "int" -> integer(input, arguments);
      case "float" -> real(input, arguments);
      case "abs" -> {
        arguments.bind(name);
        yield absolute(input);
      }
      default -> round(input, arguments);
    };
  }

  private static Value integer(Value input, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("int", "default", "base");
    Value fallback = bound.get("default", new Value.Int(0));
    int base = (int) Math.clamp(bound.integer("base", 10), 2, 36);
    if (input instanceof Value.Text(String text)) {
      try {
        return new Value.Int(Long.parseLong(digits(text, base), base));
      } catch (NumberFormatException notAnInteger) {
        Value real = parsed(text);
        return real == null ? fallback : truncated(real, fallback);
      }
    }
    return Numbers.number(input) ? truncated(input, fallback) : fallback;
  }

  /** Without underscores and without the prefix that Python allows for its base. */
  private static String digits(String text, int base) {
    String digits = TextFilters.lower(text.strip()).replace("_", "");
    String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "+";
    return digits.startsWith(prefix) ? digits.substring(prefix.length()) : digits;
  }

  private static Value truncated(Value number, Value fallback) {
    if (number instanceof Value.Real(double value)) {
      return Double.isFinite(value) && Math.abs(value) < 0x1p63
          ? new Value.Int((long) value)
          : fallback;
    }
    return new Value.Int(Numbers.integer(number));
  }

  private static Value real(Value input, Arguments arguments) {
    Value fallback = arguments.bind("float", "default").get("default", new Value.Real(0));
    Value parsed = input instanceof Value.Text(String text) ? parsed(text) : null;
    if (parsed != null) {
      return parsed;
    }
    return Numbers.number(input) ? new Value.Real(Numbers.real(input)) : fallback;
  }

  /** A decimal float, or null. */
  private static @Nullable Value parsed(String text) {
    boolean decimal = text.strip().matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    return decimal ? new Value.Real(Double.parseDouble(text.strip())) : null;
  }

  private static Value absolute(Value input) {
    return switch (input) {
      case Value.Real(double value) -> new Value.Real(Math.abs(value));
      case Value.Int(long value) when value != Long.MIN_VALUE -> new Value.Int(Math.abs(value));
      default -> throw new Fault("expected a number before abs, got " + Types.name(input));
    };
  }

  private static Value round(Value input, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("round", "precision", "method");
    if (!Numbers.number(input)) {
      throw new Fault("expected a number before round, got " + Types.name(input));
    }
    int precision = (int) Math.clamp(bound.integer("precision", 0), -300, 300);
    double value = Numbers.real(input);
    double scale = Math.pow(10, precision);
    return switch (bound.text("method", "common")) {
      case "common" ->
          input instanceof Value.Real && Double.isFinite(value)
              ? new Value.Real(
                  new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).doubleValue())
              : input;
      case "ceil" -> new Value.Real(Math.ceil(value * scale) / scale);
      case "floor" -> new Value.Real(Math.floor(value * scale) / scale);
      default -> throw new Fault("expected common, ceil or floor as method of round");
    };
  }
}
