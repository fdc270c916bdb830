package dev.cotrace.cli;

import dev.cotrace.DiscoveryResult;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.LevelShares;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Units;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.IntPredicate;

/** A discovery's result on a terminal. */
final class EdgeTable {
  private static final int EDGES = 15;
  private static final String LINE = "  %-20s %21s %6s %6s %20s %20s%n";

  private EdgeTable() {}

  /** The strongest edges with their errors, what they add up to, and what the circuit keeps. */
  static void print(PrintWriter out, DiscoveryResult result) {
    Attribution attribution = result.attribution();
    Units units = attribution.units();
    strongest(
        out,
        attribution,
        result.significance().q(),
        result.stability().inclusion(),
        new Ranked(result.strongest(units.unitCount()), EDGES, ""));
    BinTable.print(out, result);
    out.printf(
        "%n%d %3$s have q < 0.05. Top %d %3$s: resampled clusters agree on %4$s (Jaccard).%n",
        result.significance().edgesBelow(0.05),
        result.stability().size(),
        units.nouns(),
        share(result.stability().jaccard()));
    out.printf(
        "J(1) = %s clean, J(0) = %s corrupted (%s); %s.%n",
        Numbers.text(attribution.clean()),
        Numbers.text(attribution.corrupted()),
        result.spec().objective(),
        attribution.completeness());
    kinds(out, attribution);
    out.printf(
        "Faithfulness of the circuit (%s): %s; of a random one: %s.%n",
        result.spec().selection(attribution.units()).words(),
        faithfulness(result.circuitFaithfulness(), units),
        faithfulness(result.randomFaithfulness(), units));
    ReferenceTable.print(out, result);
    if (attribution.ends().alike()) {
      out.println(
          "J(1) and J(0) do not differ by more than their errors: faithfulness means little here.");
    }
    out.printf("Files: %s%n", result.run());
    out.flush();
  }

  /** What features explain, with and without what they leave over. */
  private static void kinds(PrintWriter out, Attribution attribution) {
    LevelShares.of(attribution)
        .ifPresent(shares ->
            out.printf(
                "All %s add up to %s%s%s.%n",
                shares.level().nouns(),
                Numbers.text(shares.own()),
                shares.errors().map(errors -> ", errors to " + Numbers.text(errors)).orElse(""),
                shares
                    .others()
                    .map(others -> ", other nodes to " + Numbers.text(others))
                    .orElse("")));
  }

  /**
   * Units to list, best first.
   *
   * @param cells of all of them
   * @param count how many to list
   * @param by what ranks them, in words that follow; may be empty
   */
  record Ranked(List<Integer> cells, int count, String by) {
    private List<Integer> some(IntPredicate which) {
      return cells.stream().filter(which::test).limit(count).toList();
    }
  }

  /** The strongest units and, where some are whole nodes, the strongest pieces of others. */
  static void strongest(
      PrintWriter out, Attribution attribution, double[] q, double[] inclusion, Ranked ranked) {
    Units units = attribution.units();
    List<Integer> best = ranked.some(_ -> true);
    out.printf(
        "%nThe %d strongest %s of %d%s:%n",
        best.size(), units.nouns(), units.unitCount(), ranked.by);
    edges(out, attribution, q, inclusion, best);
    if (units instanceof Pieces pieces && pieces.isMixed()) {
      List<Integer> cut = ranked.some(cell -> pieces.isCut(cell) && !pieces.isError(cell));
      out.printf("%nThe %d strongest %s%s:%n", cut.size(), pieces.level().nouns(), ranked.by);
      edges(out, attribution, q, inclusion, cut);
    }
  }

  /** A line for each edge at {@code cells}; q-values and inclusion are by cell. */
  static void edges(
      PrintWriter out,
      Attribution attribution,
      double[] q,
      double[] inclusion,
      List<Integer> cells) {
    out.printf(
        LINE, attribution.units().noun(), "score", "q", "in top", "direct", "through the words");
    double[] scores = attribution.total().values();
    Numbers numbers = Numbers.like(cells.stream().mapToDouble(cell -> scores[cell]));
    for (int cell : cells) {
      out.printf(
          LINE,
          attribution.units().name(cell),
          numbers.signedOf(attribution.total().at(cell)),
          q(q[cell]),
          share(inclusion[cell]),
          numbers.signedOf(attribution.direct().at(cell)),
          numbers.signedOf(attribution.throughCot().at(cell)));
    }
  }

  static String q(double q) {
    if (Double.isNaN(q)) {
      return "?";
    }
    return q == 0 || q >= 0.0001 ? "%.4f".formatted(q) : "%.0e".formatted(q);
  }

  private static String share(double share) {
    return Double.isNaN(share) ? "?" : "%.0f %%".formatted(100 * share);
  }

  /** How faithful a circuit of {@code units} is. */
  static String faithfulness(Faithfulness faithfulness, Units units) {
    Estimate estimate = faithfulness.faithfulness();
    String size = units.counted(faithfulness.edges());
    if (Double.isNaN(faithfulness.circuit().value())) {
      return "not known, because J of the circuit is no number (%s)".formatted(size);
    }
    if (Double.isNaN(estimate.value())) {
      return "not defined, because J(1) equals J(0) (%s)".formatted(size);
    }
    return "%s (%s)".formatted(Numbers.text(estimate), size);
  }
}
