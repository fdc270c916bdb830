package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Component;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Units;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Components and edges by bin of positions for the page; nothing where a run did not resolve time.
 *
 * <p>{@code components} are indices of sources, those that act most; {@code total}, {@code direct}
 * and {@code through} are {@code [component][bin]} pairs of value and error. Errors of single
 * edges' scores in a bin are known, those of their sums are not: the error given is the sum of the
 * edges' errors, which it cannot exceed. {@code edges} has the strongest edges of each bin.
 */
final class TimeJson {
  /** Components times bins that a page holds. */
  private static final int CELLS = 8000;

  private static final int FEWEST_COMPONENTS = 10;
  private static final int MOST_COMPONENTS = 60;

  /** Edges in all bins together that a page holds. */
  private static final int EDGES = 6000;

  private TimeJson() {}

  static void put(ObjectNode data, Attribution attribution, List<Segment> segments) {
    List<BinScores> bins = attribution.byBin();
    if (bins.isEmpty()) {
      return;
    }
    ObjectNode time = data.putObject("time");
    ArrayNode names = time.putArray("bins");
    bins.forEach(bin -> names.add(bin.name()));
    ArrayNode examples = time.putArray("examples");
    segments.forEach(segment -> examples.add(segment.example()));
    List<Integer> components = components(attribution);
    components.forEach(time.putArray("components")::add);
    List<Component> all = Component.of(attribution.units());
    for (int component : components) {
      int[] cells = all.get(component).cells();
      row(time.withArray("total"), bins.stream().map(BinScores::total).toList(), cells);
      row(time.withArray("direct"), bins.stream().map(BinScores::direct).toList(), cells);
      row(time.withArray("through"), bins.stream().map(BinScores::throughCot).toList(), cells);
    }
    ArrayNode edges = time.putArray("edges");
    int each = Math.max(5, Math.min(100, EDGES / bins.size()));
    bins.forEach(bin -> edges(edges.addObject(), attribution.units(), bin, each));
  }

  private static void row(ArrayNode rows, List<Scores> bins, int[] cells) {
    ArrayNode row = rows.addArray();
    bins.forEach(scores -> Rounded.add(row, ComponentsJson.bounded(scores, cells)));
  }

  /** Sources by the largest |score| that they have in any bin. */
  private static List<Integer> components(Attribution attribution) {
    List<Component> all = Component.of(attribution.units());
    double[] largest = new double[all.size()];
    for (int component = 0; component < largest.length; component++) {
      int[] cells = all.get(component).cells();
      for (BinScores bin : attribution.byBin()) {
        double score = Math.abs(ComponentsJson.bounded(bin.total(), cells).value());
        largest[component] = Math.max(largest[component], score);
      }
    }
    int wanted = CELLS / attribution.byBin().size();
    return IntStream.range(0, largest.length)
        .boxed()
        .sorted(Comparator.comparingDouble(source -> -largest[source]))
        .limit(Math.max(FEWEST_COMPONENTS, Math.min(MOST_COMPONENTS, wanted)))
        .sorted()
        .toList();
  }

  private static void edges(ObjectNode edges, Units units, BinScores bin, int most) {
    for (int cell : bin.total().strongest(units, most)) {
      ComponentsJson.ends(edges, units, cell);
      Rounded.add(edges.withArray("total"), bin.total().at(cell));
      Rounded.add(edges.withArray("direct"), bin.direct().at(cell));
      Rounded.add(edges.withArray("through"), bin.throughCot().at(cell));
    }
  }
}
