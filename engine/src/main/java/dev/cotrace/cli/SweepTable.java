package dev.cotrace.cli;

import dev.cotrace.CircuitSweep;
import dev.cotrace.CircuitSweep.Areas;
import dev.cotrace.CircuitSweep.Example;
import dev.cotrace.CircuitSweep.Row;
import dev.cotrace.TerminalText;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Knockout;
import dev.cotrace.circuit.Removal;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A sweep of circuits on a terminal. */
final class SweepTable {
  private static final int EXAMPLE_WIDTH = 100;
  private static final int REMOVALS = 10;

  /** Normal errors: 95 % of estimates lie within as many standard errors. */
  private static final double TWO_SIDED = 1.96;

  private SweepTable() {}

  static void print(PrintWriter out, CircuitSweep sweep) {
    out.printf(
        "%nJ(1) = %s clean, J(0) = %s corrupted (%s)%n%n",
        Numbers.text(sweep.clean()), Numbers.text(sweep.corrupted()), sweep.objective());
    curve(out, sweep);
    areas(out, sweep);
    robustness(out, sweep);
    examples(out, sweep);
    out.printf("%nFiles: %s%n", sweep.path());
    out.flush();
  }

  private static void curve(PrintWriter out, CircuitSweep sweep) {
    boolean words = sweep.rows().stream().anyMatch(row -> row.teacherForced().isPresent());
    boolean answers = sweep.rows().stream().anyMatch(row -> row.accuracy().isPresent());
    List<String> names = new ArrayList<>(List.of("circuit", nouns(sweep), "J", "faithfulness"));
    if (words) {
      names.add("teacher-forced");
    }
    names.add("KL per token");
    if (answers) {
      names.add("accuracy");
    }
    names.addAll(List.of("random", "magnitude"));
    out.println(line(names));
    for (Row row : sweep.rows()) {
      List<String> cells = new ArrayList<>();
      cells.add(row.name());
      cells.add(String.valueOf(row.sampled().edges()));
      cells.add(Numbers.text(row.sampled().circuit()));
      cells.add(Numbers.text(row.sampled().faithfulness()));
      if (words) {
        cells.add(text(row.teacherForced().map(Faithfulness::faithfulness)));
      }
      cells.add(Numbers.text(row.divergence()));
      if (answers) {
        cells.add(text(row.accuracy()));
      }
      cells.add(Numbers.text(row.random().faithfulness()));
      cells.add(Numbers.text(row.magnitude().faithfulness()));
      out.println(line(cells));
    }
    out.printf(
        "Sizes are %s. random, magnitude: faithfulness of circuits of that size.%n",
        sweep.rows().getLast().selection().replaceFirst(" \\d+", " " + nouns(sweep)));
  }

  private static String nouns(CircuitSweep sweep) {
    return sweep.units().nouns();
  }

  private static String line(List<String> cells) {
    StringBuilder line = new StringBuilder("%-14s %8s".formatted(cells.get(0), cells.get(1)));
    cells.stream().skip(2).forEach(cell -> line.append("  %-18s".formatted(cell)));
    return line.toString().stripTrailing();
  }

  private static String text(Optional<Estimate> estimate) {
    return estimate.map(Numbers::text).orElse("–");
  }

  private static void areas(PrintWriter out, CircuitSweep sweep) {
    if (Double.isNaN(sweep.areas().cpr().value())) {
      return;
    }
    out.printf("%n%-22s  %-20s  %-20s%n", "over these sizes", "CPR = ∫ f", "CMD = ∫ |1 − f|");
    area(out, "the scores' circuits", sweep.areas());
    sweep.teacherForcedAreas().ifPresent(areas -> area(out, "teacher-forced", areas));
    area(out, "random circuits", sweep.randomAreas());
    area(out, "by magnitude", sweep.magnitudeAreas());
  }

  private static void area(PrintWriter out, String name, Areas areas) {
    out.printf("%-22s  %-20s  %-20s%n", name, Numbers.text(areas.cpr()), Numbers.text(areas.cmd()));
  }

  private static void robustness(PrintWriter out, CircuitSweep sweep) {
    String circuit = sweep.rows().getFirst().name();
    out.printf(
        "%nWithout the %s of %s the model keeps %s of the behaviour.%n",
        sweep.units().counted(sweep.rows().getFirst().sampled().edges()),
        circuit,
        Numbers.text(sweep.complement().faithfulness()));
    if (!sweep.knockouts().isEmpty()) {
      out.println(
          "Completeness: random halves of the circuit taken out of it, and out of the whole model");
      out.printf("  %8s  %-20s  %-20s  %-20s%n", nouns(sweep), "circuit", "model", "difference");
      for (Knockout knockout : sweep.knockouts()) {
        out.printf(
            "  %8d  %-20s  %-20s  %-20s%n",
            knockout.edges(),
            Numbers.text(knockout.circuit()),
            Numbers.text(knockout.model()),
            Numbers.text(knockout.gap()));
      }
    }
    if (!sweep.removals().isEmpty()) {
      long matter = sweep.removals().stream().filter(removal -> isMore(removal.loss())).count();
      out.printf(
          "Minimality: %s taken out of the circuit one by one; faithfulness falls by more than the error for %d of them. Most for:%n",
          sweep.units().counted(sweep.removals().size()), matter);
      sweep.removals().stream()
          .sorted(Comparator.comparingDouble((Removal removal) -> -removal.loss().value()))
          .limit(REMOVALS)
          .forEach(removal ->
              out.printf(
                  "  %-24s %s%n",
                  sweep.units().name(removal.cell()), Numbers.text(removal.loss())));
    }
  }

  private static boolean isMore(Estimate loss) {
    return loss.value() > TWO_SIDED * loss.standardError() && loss.value() > 0;
  }

  /** What each circuit says to the first prompt. */
  private static void examples(PrintWriter out, CircuitSweep sweep) {
    Example first = sweep.rows().getFirst().examples().getFirst();
    if (sweep.rows().stream().allMatch(row -> row.examples().getFirst().text().isEmpty())) {
      return;
    }
    out.printf(
        "%nOne rollout of each, with the same random numbers, to %s: %s%n",
        first.pair(), clipped(first.prompt()));
    for (Row row : sweep.rows()) {
      out.printf("  %-14s %s%n", row.name(), clipped(row.examples().getFirst().text()));
    }
  }

  private static String clipped(String text) {
    return TerminalText.quoted(text, EXAMPLE_WIDTH);
  }
}
