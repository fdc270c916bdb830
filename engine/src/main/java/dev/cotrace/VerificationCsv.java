package dev.cotrace;

import dev.cotrace.Verification.Row;
import java.util.List;

/**
 * {@code calibration.csv}: a line for each intervention, for a plot of effects against scores, as
 * {@link EstimateCsv} writes them.
 */
final class VerificationCsv {
  private VerificationCsv() {}

  static String of(Verification verification) {
    EstimateCsv csv =
        new EstimateCsv(
            List.of("kind", "edges", "name"),
            List.of(
                "score",
                "effect",
                "score_direct",
                "effect_direct",
                "score_through_cot",
                "effect_through_cot"));
    for (Row row : verification.rows()) {
      csv.add(
          List.of(
              SpecLabels.label(row.kind()),
              String.valueOf(row.cells().length),
              verification.name(row)),
          List.of(
              row.score(),
              row.effect().total(),
              row.scoreDirect(),
              row.effect().direct(),
              row.scoreThroughCot(),
              row.effect().throughCot()));
    }
    return csv.toString();
  }
}
