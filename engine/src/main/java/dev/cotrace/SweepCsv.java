package dev.cotrace;

import dev.cotrace.CircuitSweep.Row;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import java.util.List;
import java.util.stream.Stream;

/** {@code curve.csv}: a line for each circuit, as {@link EstimateCsv} writes them. */
final class SweepCsv {
  private static final Estimate UNKNOWN = new Estimate(Double.NaN, Double.NaN);
  private static final Faithfulness NONE = new Faithfulness(0, UNKNOWN, UNKNOWN);

  private SweepCsv() {}

  static String of(CircuitSweep sweep) {
    EstimateCsv csv =
        new EstimateCsv(
            List.of("circuits", "size", "edges"),
            List.of(
                "J",
                "faithfulness",
                "teacher_forced_J",
                "teacher_forced_faithfulness",
                "kl_per_step",
                "teacher_forced_kl_per_step",
                "accuracy"));
    for (Row row : sweep.rows()) {
      Faithfulness forced = row.teacherForced().orElse(NONE);
      add(
          csv,
          "scores",
          row,
          row.sampled(),
          forced.circuit(),
          forced.faithfulness(),
          row.divergence(),
          row.teacherForcedDivergence().orElse(UNKNOWN),
          row.accuracy().orElse(UNKNOWN));
      add(csv, "random", row, row.random(), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
      add(csv, "magnitude", row, row.magnitude(), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
    }
    return csv.toString();
  }

  private static void add(
      EstimateCsv csv, String circuits, Row row, Faithfulness own, Estimate... more) {
    csv.add(
        List.of(circuits, row.name(), String.valueOf(own.edges())),
        Stream.concat(Stream.of(own.circuit(), own.faithfulness()), Stream.of(more)).toList());
  }
}
