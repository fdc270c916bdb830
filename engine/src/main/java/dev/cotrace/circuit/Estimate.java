package dev.cotrace.circuit;

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

  /** The difference of two independent estimates. */
  public Estimate minus(Estimate other) {
    return new Estimate(value - other.value, Math.hypot(standardError, other.standardError));
  }
}
