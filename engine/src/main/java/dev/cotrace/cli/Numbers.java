package dev.cotrace.cli;

import dev.cotrace.circuit.Estimate;
import java.util.Locale;
import java.util.stream.DoubleStream;

/**
 * Numbers for people, all with as many decimals as the largest of them needs.
 *
 * @param decimals digits after the point; negative for powers of ten
 */
record Numbers(int decimals) {
  private static final int SIGNIFICANT = 4;
  private static final int MOST_DECIMALS = 7;

  /** For a column whose largest values are {@code values}. */
  static Numbers like(DoubleStream values) {
    return like(SIGNIFICANT, values);
  }

  /** As {@link #like(DoubleStream)} with {@code significant} digits of the largest value. */
  static Numbers like(int significant, DoubleStream values) {
    double largest = values.map(Math::abs).filter(Double::isFinite).max().orElse(0);
    if (largest == 0) {
      return new Numbers(significant);
    }
    int magnitude = (int) Math.floor(Math.log10(largest)) + 1;
    int decimals = Math.max(0, significant - Math.max(0, magnitude) - Math.min(0, magnitude));
    return new Numbers(decimals > MOST_DECIMALS || magnitude > MOST_DECIMALS ? -1 : decimals);
  }

  /** For example {@code 0.4213 ± 0.0107}; a question mark for an unknown error, none when exact. */
  static String text(Estimate estimate) {
    return like(DoubleStream.of(estimate.value(), estimate.standardError())).of(estimate);
  }

  /** As {@link #of}, with a sign. */
  String signedOf(Estimate estimate) {
    String text = of(estimate);
    return text.startsWith("-") || text.equals("?") ? text : "+" + text;
  }

  /** {@code estimate} with these decimals; a question mark for an unknown value. */
  String of(Estimate estimate) {
    if (Double.isNaN(estimate.value())) {
      return "?";
    }
    double error = estimate.standardError();
    if (error == 0) {
      return number(estimate.value());
    }
    if (Double.isNaN(error)) {
      return number(estimate.value()) + " ± ?";
    }
    boolean lost = vanishes(error);
    String value = lost ? number(estimate.value()) : rounded(estimate.value());
    return "%s ± %s".formatted(value, lost ? scientific(0, error) : number(error));
  }

  /** {@code value} rounded to these decimals, with a sign. */
  String signed(double value) {
    String text = rounded(value);
    return text.startsWith("-") ? text : "+" + text;
  }

  /** {@code value} with these decimals; with an exponent where they would show nothing of it. */
  String number(double value) {
    return vanishes(value) ? scientific(1, value) : rounded(value);
  }

  /** Whether nothing is left of {@code value}, which is not zero, with these decimals. */
  private boolean vanishes(double value) {
    return decimals >= 0 && value != 0 && Math.abs(value) < 0.5 * Math.pow(10, -decimals);
  }

  /** {@code value} rounded to these decimals, though nothing may be left of it. */
  String rounded(double value) {
    if (decimals < 0) {
      return scientific(2, value);
    }
    // No sign before zeros: adding zero turns −0 into 0.
    return String.format(Locale.ROOT, "%." + decimals + "f", vanishes(value) ? 0.0 : value + 0.0);
  }

  private static String scientific(int decimals, double value) {
    return String.format(Locale.ROOT, "%." + decimals + "e", value);
  }
}
