package dev.cotrace.circuit;

import java.util.Locale;

/**
 * A number with its standard error; 0 when it is exact, NaN when there is too little data to tell.
 *
 * @param value the estimate
 * @param standardError of the estimate, in the same unit
 */
public record Estimate(double value, double standardError) {
  /** A number without error. */
  public static Estimate exact(double value) {
    return new Estimate(value, 0);
  }

  /** The mean of independent units, at least one; a single one does not tell its error. */
  public static Estimate mean(double... units) {
    double mean = 0;
    for (double unit : units) {
      mean += unit / units.length;
    }
    double squares = 0;
    for (double unit : units) {
      squares += (unit - mean) * (unit - mean);
    }
    // 0/0, NaN, for a single unit.
    return new Estimate(mean, Math.sqrt(squares / (units.length - 1) / units.length));
  }

  /** The difference of two independent estimates. */
  public Estimate minus(Estimate other) {
    return new Estimate(value - other.value, Math.hypot(standardError, other.standardError));
  }

  /** For example {@code 0.4213 ± 0.011}; a question mark for an unknown error, none when exact. */
  @Override
  public String toString() {
    String number = String.format(Locale.ROOT, "%.4g", value);
    if (standardError == 0) {
      return number;
    }
    return Double.isNaN(standardError)
        ? number + " ± ?"
        : String.format(Locale.ROOT, "%s ± %.2g", number, standardError);
  }
}
