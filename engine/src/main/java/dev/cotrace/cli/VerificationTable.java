package dev.cotrace.cli;

import dev.cotrace.Verification;
import dev.cotrace.Verification.Kind;
import dev.cotrace.Verification.Row;
import dev.cotrace.circuit.Calibration;
import java.io.PrintWriter;
import java.util.List;

/** Scores beside real interventions, on a terminal. */
final class VerificationTable {
  private static final int EDGES = 20;
  private static final String LINE = "  %-24s %22s %22s  %-8s %22s %22s%n";

  private VerificationTable() {}

  static void print(PrintWriter out, Verification verification) {
    out.printf("%nJ(1) = %s (%s)%n", Numbers.text(verification.clean()), verification.objective());
    String nouns = verification.units().nouns();
    List<Row> top = verification.rows(Kind.TOP).toList();
    section(
        out, verification, "The strongest " + nouns, top.subList(0, Math.min(EDGES, top.size())));
    section(out, verification, "Other " + nouns, verification.rows(Kind.OTHER).toList());
    section(
        out,
        verification,
        "Groups",
        verification.rows(Kind.TOP_GROUP, Kind.DRAWN_GROUP, Kind.ALL).toList());
    out.printf(
        "%n%-14s %8s  %-18s  %-18s  %-18s  %-18s%n",
        "calibration", "count", "rank correlation", "correlation", "slope", "within errors");
    line(out, nouns, verification.edges());
    line(out, "groups", verification.groups());
    out.printf(
        "An effect is J(1) less J with the %1$s corrupted and all others clean; a score is an average over gates from 0 to 1, so the two agree where %1$s act alone.%nFiles: %2$s%n",
        nouns, verification.path());
    out.flush();
  }

  private static void section(
      PrintWriter out, Verification verification, String title, List<Row> rows) {
    if (rows.isEmpty()) {
      return;
    }
    out.printf("%n%s:%n", title);
    out.printf(LINE, "", "score", "effect", "agree", "effect around words", "effect through words");
    Numbers numbers =
        Numbers.like(
            rows.stream()
                .mapToDouble(row ->
                    Math.max(
                        Math.abs(row.score().value()), Math.abs(row.effect().total().value()))));
    for (Row row : rows) {
      out.printf(
          LINE,
          verification.name(row),
          numbers.signedOf(row.score()),
          numbers.signedOf(row.effect().total()),
          Double.isNaN(row.score().standardError())
              ? "?"
              : row.pair().withinErrors() ? "yes" : "no",
          numbers.signedOf(row.effect().direct()),
          numbers.signedOf(row.effect().throughCot()));
    }
  }

  private static void line(PrintWriter out, String name, Calibration calibration) {
    out.printf(
        "%-14s %8d  %-18s  %-18s  %-18s  %-18s%n",
        name,
        calibration.pairs(),
        Numbers.text(calibration.spearman()),
        Numbers.text(calibration.pearson()),
        Numbers.text(calibration.slope()),
        Numbers.text(calibration.withinErrors()));
  }
}
