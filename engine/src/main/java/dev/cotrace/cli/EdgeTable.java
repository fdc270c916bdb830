package dev.cotrace.cli;

import dev.cotrace.DiscoveryResult;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
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
    List<Integer> cells = result.strongest(EDGES);
    out.printf("%nThe %d strongest edges of %d:%n", cells.size(), attribution.graph().edgeCount());
    edges(out, attribution, result.significance().q(), result.stability().inclusion(), cells);
    BinTable.print(out, result);
    out.printf(
        "%n%d edges have q < 0.05. Top %d edges: resampled clusters agree on %s (Jaccard).%n",
        result.significance().edgesBelow(0.05),
        result.stability().size(),
        share(result.stability().jaccard()));
    out.printf(
        "J(1) = %s clean, J(0) = %s corrupted (%s); %s.%n",
        Numbers.text(attribution.clean()),
        Numbers.text(attribution.corrupted()),
        result.spec().objective(),
        attribution.completeness());
    out.printf(
        "Faithfulness of the circuit (%s): %s; of a random one: %s.%n",
        result.spec().selection(attribution.graph()).words(),
        faithfulness(result.circuitFaithfulness()),
        faithfulness(result.randomFaithfulness()));
    ReferenceTable.print(out, result);
    if (attribution.ends().alike()) {
      out.println(
          "J(1) and J(0) do not differ by more than their errors: faithfulness means little here.");
    }
    out.printf("Files: %s%n", result.run());
    out.flush();
  }

  /** A line for each edge at {@code cells}; q-values and inclusion are by cell. */
  static void edges(
      PrintWriter out,
      Attribution attribution,
      double[] q,
      double[] inclusion,
      List<Integer> cells) {
    out.printf(LINE, "edge", "score", "q", "in top", "direct", "through the words");
    double[] scores = attribution.total().values();
    Numbers numbers = Numbers.like(cells.stream().mapToDouble(cell -> scores[cell]));
    for (int cell : cells) {
      out.printf(
          LINE,
          attribution.graph().edge(cell),
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

  static String faithfulness(Faithfulness faithfulness) {
    Estimate estimate = faithfulness.faithfulness();
    if (Double.isNaN(estimate.value())) {
      return "not defined, because J(1) equals J(0) (%d edges)".formatted(faithfulness.edges());
    }
    return "%s (%d edges)".formatted(Numbers.text(estimate), faithfulness.edges());
  }
}
