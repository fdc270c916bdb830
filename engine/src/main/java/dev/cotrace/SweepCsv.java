package dev.cotrace;

import dev.cotrace.CircuitSweep.Row;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import java.util.StringJoiner;

/**
 * {@code curve.csv}: a line for each circuit, its standard errors in columns that end in {@code
 * _stderr}; what is unknown, or not there, is empty.
 */
final class SweepCsv {
  private SweepCsv() {}

  static String of(CircuitSweep sweep) {
    StringBuilder csv = new StringBuilder("circuits,size,edges");
    for (String name :
        new String[] {
          "J",
          "faithfulness",
          "teacher_forced_J",
          "teacher_forced_faithfulness",
          "kl_per_step",
          "teacher_forced_kl_per_step",
          "accuracy"
        }) {
      csv.append(",%s,%s_stderr".formatted(name, name));
    }
    csv.append('\n');
    for (Row row : sweep.rows()) {
      Faithfulness none = new Faithfulness(0, UNKNOWN, UNKNOWN);
      Faithfulness given = row.teacherForced().orElse(none);
      Faithfulness own = row.sampled();
      csv.append(
          line(
              "scores",
              row.name(),
              own.edges(),
              own.circuit(),
              own.faithfulness(),
              given.circuit(),
              given.faithfulness(),
              row.divergence(),
              row.teacherForcedDivergence().orElse(UNKNOWN),
              row.accuracy().orElse(UNKNOWN)));
      csv.append(baseline("random", row.name(), row.random()));
      csv.append(baseline("magnitude", row.name(), row.magnitude()));
    }
    return csv.toString();
  }

  private static final Estimate UNKNOWN = new Estimate(Double.NaN, Double.NaN);

  private static String baseline(String circuits, String size, Faithfulness faithfulness) {
    return line(
        circuits,
        size,
        faithfulness.edges(),
        faithfulness.circuit(),
        faithfulness.faithfulness(),
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN,
        UNKNOWN);
  }

  private static String line(String circuits, String size, int edges, Estimate... estimates) {
    StringJoiner line = new StringJoiner(",", "", "\n");
    line.add(circuits).add(quoted(size)).add(String.valueOf(edges));
    for (Estimate estimate : estimates) {
      line.add(VerificationJson.text(estimate.value()))
          .add(VerificationJson.text(estimate.standardError()));
    }
    return line.toString();
  }

  /** A file's name may have anything in it (RFC 4180). */
  private static String quoted(String text) {
    return text.matches("[\\w.%-]+") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
