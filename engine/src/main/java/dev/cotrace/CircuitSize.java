package dev.cotrace;

import dev.cotrace.circuit.Units;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many edges, or other units, a circuit may have: a number such as {@code 200}, or a share such
 * as {@code 10%}.
 *
 * @param amount number of units, or percent of them
 */
public record CircuitSize(double amount, boolean percent) {
  private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*%|(\\d{1,9})");

  /** Refuses shares above 100 %. */
  public CircuitSize {
    if (!(amount > 0) || (percent && amount > 100)) {
      throw new IllegalArgumentException(
          "a circuit needs at least one edge or other unit and at most 100 % of them, got "
              + amount);
    }
  }

  /** Reads {@code 200} or {@code 10%}. */
  public static CircuitSize parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a circuit size is a number of edges such as 200, or of other units, or a share such as 10%%, got '%s'"
              .formatted(text));
    }
    return matcher.group(1) != null
        ? new CircuitSize(Double.parseDouble(matcher.group(1)), true)
        : new CircuitSize(Integer.parseInt(matcher.group(2)), false);
  }

  /** The number of {@code units} this is: at least one and at most all. */
  public int of(Units units) {
    double wanted = percent ? amount / 100 * units.unitCount() : amount;
    return Math.toIntExact(Math.clamp(Math.round(wanted), 1, units.unitCount()));
  }

  /** The share of all {@code units} that this asks for, not rounded to whole ones. */
  double share(Units units) {
    return percent ? amount / 100 : of(units) / (double) units.unitCount();
  }

  @Override
  public String toString() {
    String number = amount == Math.rint(amount) ? String.valueOf((long) amount) : "" + amount;
    return percent ? number + "%" : number;
  }
}
