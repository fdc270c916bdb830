package dev.cotrace.cli;

import dev.cotrace.FinishedRun;
import dev.cotrace.StoredSweep;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.LevelShares;
import dev.cotrace.circuit.Units;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.DoubleStream;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Help.TextTable;

/** What a run was and what it found, in a screen of a terminal. */
final class RunHeadline {
  private static final int NAME = 22;
  private static final int VALUE = 76;
  private static final String LINE = "  %-12s %6s %22s %22s %22s%n";

  private RunHeadline() {}

  static void print(PrintWriter out, FinishedRun run) {
    TextTable facts =
        TextTable.forColumns(
            Help.defaultColorScheme(Help.Ansi.OFF),
            new Column(NAME, 2, Overflow.TRUNCATE),
            new Column(VALUE, 0, Overflow.WRAP));
    Units units = run.attribution().units();
    settings(facts, run);
    values(facts, run.attribution());
    facts.addRowValues(
        "circuit", circuit(run.circuitFaithfulness(), units) + "; " + run.selection());
    facts.addRowValues("random circuit", circuit(run.randomFaithfulness(), units));
    out.printf("%s%n%s", run.path(), facts);
    run.sweep().ifPresent(sweep -> print(out, sweep, units));
  }

  private static void settings(TextTable facts, FinishedRun run) {
    Attribution attribution = run.attribution();
    facts.addRowValues("model", run.setting("model"));
    facts.addRowValues(
        "task", "%s, %s".formatted(run.setting("task"), counted(run.pairs(), "pair")));
    facts.addRowValues("objective F", run.setting("objective"));
    facts.addRowValues(
        "method",
        String.format(
            Locale.ROOT,
            "%s; %s, %,d sampled tokens, %s of prompts",
            attribution.method().label(),
            counted(attribution.points(), "gate value"),
            attribution.sampledTokens(),
            counted(attribution.clusters(), "cluster")));
  }

  private static String counted(int count, String what) {
    return "%d %s%s".formatted(count, what, count == 1 ? "" : "s");
  }

  private static void values(TextTable facts, Attribution attribution) {
    facts.addRowValues("J(1), clean", Numbers.text(attribution.clean()));
    facts.addRowValues("J(0), corrupted", Numbers.text(attribution.corrupted()));
    Estimate total = attribution.total().sum();
    Estimate direct = attribution.direct().sum();
    Estimate through = attribution.throughCot().sum();
    Numbers numbers = Numbers.like(DoubleStream.of(total.value(), direct.value(), through.value()));
    facts.addRowValues("all scores", numbers.signedOf(total));
    facts.addRowValues("  through the words", numbers.signedOf(through));
    facts.addRowValues("  around the words", numbers.signedOf(direct));
    LevelShares.of(attribution)
        .ifPresent(shares -> {
          facts.addRowValues("  " + shares.level().nouns(), numbers.signedOf(shares.own()));
          shares.errors().ifPresent(sum -> facts.addRowValues("  errors", numbers.signedOf(sum)));
          shares
              .others()
              .ifPresent(sum -> facts.addRowValues("  other nodes", numbers.signedOf(sum)));
        });
    facts.addRowValues("completeness", attribution.completeness());
  }

  private static String circuit(Faithfulness faithfulness, Units units) {
    return "faithfulness " + EdgeTable.faithfulness(faithfulness, units);
  }

  /** Faithfulness by size, beside what knows less. */
  private static void print(PrintWriter out, StoredSweep sweep, Units units) {
    out.printf(
        "%nFaithfulness of circuits by size (%s%s):%n",
        sweep.path(),
        sweep.changes().isEmpty() ? "" : ", with " + String.join(", ", sweep.changes()));
    out.printf(LINE, "size", units.nouns(), "by score", "random", "by magnitude");
    for (StoredSweep.Row row : sweep.rows()) {
      out.printf(
          LINE,
          row.name(),
          row.sampled().edges(),
          Numbers.text(row.sampled().faithfulness()),
          Numbers.text(row.random().faithfulness()),
          Numbers.text(row.magnitude().faithfulness()));
    }
    if (!Double.isNaN(sweep.cpr().value())) {
      out.printf(
          "  CPR = ∫ f: %s, CMD = ∫ |1 − f|: %s%n",
          Numbers.text(sweep.cpr()), Numbers.text(sweep.cmd()));
    }
  }
}
