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
    String value = number(estimate.value());
    if (Double.isNaN(estimate.standardError())) {
      return value + " ± ?";
    }
    return estimate.standardError() == 0 ? value : value + " ± " + number(estimate.standardError());
  }

  /** {@code value} with these decimals and a sign. */
  String signed(double value) {
    String text = number(value);
    return text.startsWith("-") ? text : "+" + text;
  }

  /** {@code value} with these decimals. */
  String number(double value) {
    return decimals < 0
        ? String.format(Locale.ROOT, "%.2e", value)
        : String.format(Locale.ROOT, "%." + decimals + "f", value);
  }
}
