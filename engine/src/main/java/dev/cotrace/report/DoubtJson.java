package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.Stability;
import dev.cotrace.circuit.Units;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How sure a run is, for the page: {@code stability} of the top n edges at several n, and {@code
 * convergence}, what the sum of all scores and the strongest edges were estimated to be from the
 * first 2, 3, … clusters.
 */
final class DoubtJson {
  private static final int[] SIZES = {5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};
  private static final int EDGES = 6;

  private DoubtJson() {}

  static void put(ObjectNode data, Attribution attribution, Ranking ranking, long seed) {
    Units units = attribution.units();
    ObjectNode doubt = data.putObject("doubt");
    doubt.put("clusters", attribution.clusters()).put("resamples", Stability.RESAMPLES);
    if (attribution.sums().count() < 2) {
      return;
    }
    int[] sizes = IntStream.of(SIZES).filter(size -> size < units.unitCount()).toArray();
    ArrayNode stability = doubt.putArray("stability");
    for (Stability each :
        Stability.of(units, attribution.sums(), sizes, ranking, attribution.direction(), seed)) {
      ArrayNode pair = stability.addArray().add(each.size());
      Rounded.add(pair, each.jaccard());
    }
    ObjectNode convergence = doubt.putObject("convergence");
    running(
        convergence,
        "all " + units.nouns(),
        attribution,
        IntStream.range(0, units.cells()).toArray());
    List<Integer> strongest =
        attribution.total().strongest(units, Math.min(EDGES, units.unitCount()));
    strongest.forEach(cell -> running(convergence, units.name(cell), attribution, cell));
  }

  private static void running(
      ObjectNode convergence, String name, Attribution attribution, int... cells) {
    ArrayNode line = convergence.putArray(name);
    attribution.sums().running(cells).forEach(estimate -> Rounded.add(line, estimate));
  }
}
