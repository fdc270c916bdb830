package dev.cotrace.report;

import dev.cotrace.circuit.Estimate;
import java.math.BigDecimal;
import java.math.MathContext;
import tools.jackson.databind.node.ArrayNode;

/** Numbers for eyes: four significant digits, null where they are not known. */
public final class Rounded {
  private static final MathContext DIGITS = new MathContext(4);

  private Rounded() {}

  /** Adds {@code value}. */
  public static void add(ArrayNode list, double value) {
    if (Double.isFinite(value)) {
      list.add(new BigDecimal(value).round(DIGITS).doubleValue());
    } else {
      list.addNull();
    }
  }

  /** Adds {@code values}. */
  public static void add(ArrayNode list, double[] values) {
    for (double value : values) {
      add(list, value);
    }
  }

  /** Adds {@code [value, standard error]}. */
  static void add(ArrayNode list, Estimate estimate) {
    put(list.addArray(), estimate);
  }

  /** Puts value and standard error into {@code pair}. */
  static void put(ArrayNode pair, Estimate estimate) {
    add(pair, estimate.value());
    add(pair, estimate.standardError());
  }
}
