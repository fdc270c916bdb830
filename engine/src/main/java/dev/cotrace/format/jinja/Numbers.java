package dev.cotrace.format.jinja;

import java.math.BigDecimal;

/** Python's arithmetic on integers and floats. Integers beyond 64 bits are refused. */
final class Numbers {
  private Numbers() {}

  static boolean number(Value value) {
    return value instanceof Value.Int || value instanceof Value.Real || value instanceof Value.Bool;
  }

  /** An integer or boolean as a long. */
  static long integer(Value value) {
    return switch (value) {
      case Value.Int(long number) -> number;
      case Value.Bool(boolean truth) -> truth ? 1 : 0;
      default -> throw new Fault("expected an integer, got " + Types.name(value));
    };
  }

  static double real(Value value) {
    return value instanceof Value.Real(double number) ? number : integer(value);
  }

  static Value arithmetic(String operator, Value left, Value right) {
    try {
      return left instanceof Value.Real || right instanceof Value.Real || operator.equals("/")
          ? new Value.Real(real(operator, real(left), real(right)))
          : integers(operator, integer(left), integer(right));
    } catch (ArithmeticException e) {
      throw new Fault("expected an integer result below 2^63 of " + operator);
    }
  }

  private static Value integers(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> new Value.Int(Math.addExact(a, b));
      case "-" -> new Value.Int(Math.subtractExact(a, b));
      case "*" -> new Value.Int(Math.multiplyExact(a, b));
      case "//" -> new Value.Int(Math.floorDivExact(a, divisor(b)));
      case "%" -> new Value.Int(Math.floorMod(a, divisor(b)));
      case "**" ->
          b < 0 ? new Value.Real(Math.pow((double) a, (double) b)) : new Value.Int(power(a, b));
      default -> throw new Fault("expected an arithmetic operator, got " + operator);
    };
  }

  private static long power(long base, long exponent) {
    long result = 1;
    long square = base;
    for (long left = exponent; left > 0; left >>= 1) {
      if ((left & 1) == 1) {
        result = Math.multiplyExact(result, square);
      }
      if (left > 1) {
        square = Math.multiplyExact(square, square);
      }
    }
    return result;
  }

  private static double real(String operator, double a, double b) {
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / divisor(b);
      case "//" -> Math.floor(a / divisor(b));
      case "%" -> {
        double remainder = a % divisor(b);
        yield remainder != 0 && remainder < 0 != b < 0 ? remainder + b : remainder;
      }
      case "**" -> Math.pow(a, b);
      default -> throw new Fault("expected an arithmetic operator, got " + operator);
    };
  }

  private static long divisor(long value) {
    if (value == 0) {
      throw new Fault("expected a divisor other than zero");
    }
    return value;
  }

  private static double divisor(double value) {
    if (value == 0) {
      throw new Fault("expected a divisor other than zero");
    }
    return value;
  }

  /** Numbers by size, exactly; NaN is unequal to all. */
  static boolean equal(Value left, Value right) {
    if (left instanceof Value.Real || right instanceof Value.Real) {
      double a = real(left);
      double b = real(right);
      return a == b && (Double.isInfinite(a) || order(left, right) == 0);
    }
    return integer(left) == integer(right);
  }

  static int order(Value left, Value right) {
    if (left instanceof Value.Real || right instanceof Value.Real) {
      double a = real(left);
      double b = real(right);
      return Double.isFinite(a) && Double.isFinite(b)
          ? exact(left).compareTo(exact(right))
          : Double.compare(a, b);
    }
    return Long.compare(integer(left), integer(right));
  }

  private static BigDecimal exact(Value value) {
    return value instanceof Value.Real(double number)
        ? new BigDecimal(number)
        : BigDecimal.valueOf(integer(value));
  }

  /** Python's {@code repr} of a float: the shortest digits, an exponent outside 1e-4 to 1e16. */
  static String repr(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value > 0 ? "0.0" : "-0.0";
    }
    BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    int exponent = digits.precision() - digits.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      return digits.scale() <= 0 ? digits.toBigInteger() + ".0" : digits.toPlainString();
    }
    String mantissa = digits.scaleByPowerOfTen(-exponent).toPlainString();
    String size = Math.abs(exponent) < 10 ? "0" + Math.abs(exponent) : "" + Math.abs(exponent);
    return "%se%s%s".formatted(mantissa, exponent < 0 ? "-" : "+", size);
  }
}
