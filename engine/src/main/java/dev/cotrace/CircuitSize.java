package dev.cotrace;

import dev.cotrace.circuit.ComputationGraph;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many edges a circuit may have: a number such as {@code 200}, or a share of all edges such as
 * {@code 10%}.
 *
 * @param amount number of edges, or percent of them
 */
public record CircuitSize(double amount, boolean percent) {
  private static final Pattern FORM = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*%|(\\d{1,9})");

  /** Refuses shares above 100 %. */
  public CircuitSize {
    if (!(amount > 0) || (percent && amount > 100)) {
      throw new IllegalArgumentException(
          "a circuit needs at least one edge and at most 100 % of them, got " + amount);
    }
  }

  /** Reads {@code 200} or {@code 10%}. */
  public static CircuitSize parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a circuit size is a number of edges such as 200 or a share such as 10%%, got '%s'"
              .formatted(text));
    }
    return matcher.group(1) != null
        ? new CircuitSize(Double.parseDouble(matcher.group(1)), true)
        : new CircuitSize(Integer.parseInt(matcher.group(2)), false);
  }

  /** The number of edges of {@code graph} this is: at least one and at most all. */
  public int edges(ComputationGraph graph) {
    double edges = percent ? amount / 100 * graph.edgeCount() : amount;
    return Math.toIntExact(Math.clamp(Math.round(edges), 1, graph.edgeCount()));
  }

  /** The share of all edges of {@code graph} that this asks for, not rounded to edges. */
  double share(ComputationGraph graph) {
    return percent ? amount / 100 : edges(graph) / (double) graph.edgeCount();
  }

  @Override
  public String toString() {
    String number = amount == Math.rint(amount) ? String.valueOf((long) amount) : "" + amount;
    return percent ? number + "%" : number;
  }
}
