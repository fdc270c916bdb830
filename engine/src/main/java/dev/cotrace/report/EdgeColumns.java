package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Significance;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What is known of each edge, by name: {@code score} and, where an {@link Attribution} is known,
 * {@code stderr}, {@code ci95_low}, {@code ci95_high}, {@code q_value}, {@code direct}, {@code
 * direct_stderr}, {@code through_cot} and {@code through_cot_stderr}. All but the q-value are in
 * the unit of J.
 */
final class EdgeColumns {
  private final Map<String, double[]> columns = new LinkedHashMap<>();

  private EdgeColumns() {}

  static EdgeColumns of(ExportedCircuit exported) {
    EdgeColumns known = new EdgeColumns();
    known.columns.put("score", exported.scored().scores());
    Attribution attribution = exported.attribution();
    if (attribution != null) {
      Significance significance = attribution.significance();
      known.columns.put("stderr", attribution.total().standardErrors());
      known.columns.put("ci95_low", significance.low());
      known.columns.put("ci95_high", significance.high());
      known.columns.put("q_value", significance.q());
      known.columns.put("direct", attribution.direct().values());
      known.columns.put("direct_stderr", attribution.direct().standardErrors());
      known.columns.put("through_cot", attribution.throughCot().values());
      known.columns.put("through_cot_stderr", attribution.throughCot().standardErrors());
    }
    return known;
  }

  /** Names in order. */
  Set<String> names() {
    return columns.keySet();
  }

  /** The numbers of the edge at {@code cell} as text, by name; empty where unknown. */
  Map<String, String> at(int cell) {
    Map<String, String> numbers = new LinkedHashMap<>();
    columns.forEach((name, values) -> numbers.put(name, text(values[cell])));
    return numbers;
  }

  /** The shortest decimal that reads back as the same float32; nothing for an unknown number. */
  private static String text(double value) {
    return Double.isFinite(value) ? Float.toString((float) value) : "";
  }
}
