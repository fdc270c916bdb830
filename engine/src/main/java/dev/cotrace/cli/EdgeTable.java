package dev.cotrace.cli;

import dev.cotrace.DiscoveryResult;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.FeatureShares;
import java.io.PrintWriter;
import java.util.List;

/** A discovery's result on a terminal. */
final class EdgeTable {
  private static final int EDGES = 15;
  private static final String LINE = "  %-20s %21s %6s %6s %20s %20s%n";

  private EdgeTable() {}

  /** The strongest edges with their errors, what they add up to, and what the circuit keeps. */
  static void print(PrintWriter out, DiscoveryResult result) {
    Attribution attribution = result.attribution();
    String nouns = attribution.units().level().nouns();
    List<Integer> cells = result.strongest(EDGES);
    out.printf(
        "%nThe %d strongest %s of %d:%n",
        cells.size(), attribution.units().level().nouns(), attribution.units().unitCount());
    edges(out, attribution, result.significance().q(), result.stability().inclusion(), cells);
    BinTable.print(out, result);
    out.printf(
        "%n%d %3$s have q < 0.05. Top %d %3$s: resampled clusters agree on %4$s (Jaccard).%n",
        result.significance().edgesBelow(0.05),
        result.stability().size(),
        nouns,
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
        faithfulness(result.circuitFaithfulness(), nouns),
        faithfulness(result.randomFaithfulness(), nouns));
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
    FeatureShares.of(attribution)
        .ifPresent(shares ->
            out.printf(
                "Features add up to %s, errors to %s, nodes that are not cut to %s.%n",
                Numbers.text(shares.features()),
                Numbers.text(shares.errors()),
                Numbers.text(shares.others())));
  }

  /** A line for each edge at {@code cells}; q-values and inclusion are by cell. */
  static void edges(
      PrintWriter out,
      Attribution attribution,
      double[] q,
      double[] inclusion,
      List<Integer> cells) {
    out.printf(
        LINE,
        attribution.units().level().noun(),
        "score",
        "q",
        "in top",
        "direct",
        "through the words");
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

  /** How faithful a circuit of so many {@code nouns} is. */
  static String faithfulness(Faithfulness faithfulness, String nouns) {
    Estimate estimate = faithfulness.faithfulness();
    if (Double.isNaN(estimate.value())) {
      return "not defined, because J(1) equals J(0) (%d %s)".formatted(faithfulness.edges(), nouns);
    }
    return "%s (%d %s)".formatted(Numbers.text(estimate), faithfulness.edges(), nouns);
  }
}
