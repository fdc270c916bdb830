package dev.cotrace.cli;

import dev.cotrace.RunDifference;
import dev.cotrace.SettingChange;
import dev.cotrace.circuit.Difference;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/** What two runs say differently, on a terminal. */
final class DifferenceTable {
  private static final int EDGES = 15;
  private static final String EDGE = "  %-22s %22s %22s %22s %8s %22s %22s%n";
  private static final String ROW = "  %-28s %22s %22s %22s%n";

  private static final Map<String, String> NAMES =
      Map.of(
          "J1", "J(1), clean",
          "J0", "J(0), corrupted",
          "difference", "J(1) − J(0)",
          "scores_sum", "all scores",
          "direct_sum", "direct, all",
          "through_cot_sum", "through the words, all",
          "faithfulness", "faithfulness of the circuit");

  private DifferenceTable() {}

  /** The settings that differ, the edges that differ most, and the runs as wholes. */
  static void print(PrintWriter out, RunDifference runs) {
    out.printf("first:  %s%nsecond: %s%n%n", runs.first(), runs.second());
    printSettings(out, runs);
    printEdges(out, runs);
    printWholes(out, runs);
    out.printf(
        "%nRanks: Spearman of |score| %s; top %d %s overlap %.0f %% (Jaccard).%n",
        Double.isNaN(runs.agreement().spearman())
            ? "?"
            : "%.2f".formatted(runs.agreement().spearman()),
        runs.agreement().size(),
        runs.difference().units().nouns(),
        100 * runs.agreement().jaccard());
    out.printf(
        "The circuits of %d and %s share %d (Jaccard %.0f %%).%n",
        runs.firstCircuit().size(),
        runs.secondCircuit().units().counted(runs.secondCircuit().size()),
        runs.firstCircuit().shared(runs.secondCircuit()),
        100 * runs.firstCircuit().jaccard(runs.secondCircuit()));
    out.flush();
  }

  private static void printSettings(PrintWriter out, RunDifference runs) {
    List<SettingChange> changes = runs.changes();
    if (changes.isEmpty()) {
      out.println("No setting differs: the second run repeats the first.");
      return;
    }
    out.println("What differs:");
    int width = changes.stream().mapToInt(change -> change.key().length()).max().orElse(0);
    for (SettingChange change : changes) {
      out.printf(
          "  %-" + width + "s  %s → %s%s%n",
          change.key(),
          change.first(),
          change.second(),
          change.meaning().isEmpty() ? "" : "   (" + change.meaning() + ")");
    }
    if (runs.questions() == 0) {
      out.println("Both measure the same: what differs below is noise.");
    } else if (runs.questions() > 1) {
      out.printf(
          "%d settings of what is measured differ: a difference may come from any of them.%n",
          runs.questions());
    }
  }

  private static void printEdges(PrintWriter out, RunDifference runs) {
    Difference difference = runs.difference();
    List<Integer> cells = runs.strongest(EDGES);
    out.printf(
        "%nThe %d largest differences of %d %s, second less first:%n",
        cells.size(), difference.units().unitCount(), difference.units().nouns());
    out.printf(
        EDGE,
        difference.units().noun(),
        "first",
        "second",
        "difference",
        "q",
        "direct",
        "through the words");
    double[] first = runs.firstScores().total().values();
    double[] second = runs.secondScores().total().values();
    Numbers numbers =
        Numbers.like(cells.stream().flatMapToDouble(c -> DoubleStream.of(first[c], second[c])));
    for (int cell : cells) {
      out.printf(
          EDGE,
          difference.units().name(cell),
          numbers.signedOf(runs.firstScores().total().at(cell)),
          numbers.signedOf(runs.secondScores().total().at(cell)),
          numbers.signedOf(difference.total().at(cell)),
          EdgeTable.q(difference.significance().q()[cell]),
          numbers.signedOf(difference.direct().at(cell)),
          numbers.signedOf(difference.throughCot().at(cell)));
    }
    out.printf(
        "%n%d %s differ with q < 0.05. %s%n",
        difference.significance().edgesBelow(0.05),
        difference.units().nouns(),
        switch (difference.pairing()) {
          case INDEPENDENT -> "Errors are those of independent runs.";
          case BY_CLUSTER ->
              "Errors of scores and sums are those of differences on the same prompts.";
        });
  }

  private static void printWholes(PrintWriter out, RunDifference runs) {
    out.println();
    out.printf(ROW, "", "first", "second", "difference");
    for (RunDifference.Row row : runs.rows()) {
      Numbers numbers = Numbers.like(DoubleStream.of(row.first().value(), row.second().value()));
      out.printf(
          ROW,
          NAMES.get(row.name()),
          numbers.of(row.first()),
          numbers.of(row.second()),
          numbers.signedOf(row.difference()));
    }
  }
}
