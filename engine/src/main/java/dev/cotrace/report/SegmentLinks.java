package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Edge;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Node;
import dev.cotrace.circuit.Scores;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The edges of a circuit by segment, those that differ in the slot alone together.
 *
 * @param links the strongest first
 * @param leftOut how many weaker ones there are
 */
record SegmentLinks(List<Link> links, int leftOut) {
  /** A node at a segment. */
  record Place(int segment, Node node) {}

  /**
   * Edges from one node to another at one segment.
   *
   * @param edges each with its score there
   */
  record Link(Place source, Place target, Map<Edge, Estimate> edges) {
    /** The sum of the scores. */
    double weight() {
      return edges.values().stream().mapToDouble(Estimate::value).sum();
    }
  }

  private record Ends(Place source, Place target) {}

  /**
   * The links of the circuit, of which at most {@code most} are kept. Scores that are exactly zero
   * make none: no token was there, or nothing depends on it.
   */
  static SegmentLinks of(ExportedCircuit exported, int most) {
    List<Scores> bySegment = scores(exported);
    Map<Ends, Link> found = new LinkedHashMap<>();
    ComputationGraph graph = exported.graph();
    for (int segment = 0; segment < bySegment.size(); segment++) {
      for (int cell : exported.cells(EdgeChoice.CIRCUIT)) {
        Estimate score = bySegment.get(segment).at(cell);
        if (score.value() != 0 && Double.isFinite(score.value())) {
          Edge edge = graph.edge(cell);
          Ends ends =
              new Ends(new Place(segment, edge.source()), new Place(segment, edge.target()));
          found
              .computeIfAbsent(ends, e -> new Link(e.source, e.target, new LinkedHashMap<>()))
              .edges
              .put(edge, score);
        }
      }
    }
    List<Link> strongest =
        found.values().stream()
            .sorted(Comparator.comparingDouble((Link link) -> -Math.abs(link.weight())))
            .limit(most)
            .toList();
    return new SegmentLinks(strongest, found.size() - strongest.size());
  }

  private static List<Scores> scores(ExportedCircuit exported) {
    Attribution attribution = exported.attribution();
    if (attribution == null) {
      return List.of(exported.scored().attribution().total());
    }
    return attribution.byBin().isEmpty()
        ? List.of(attribution.total())
        : attribution.byBin().stream().map(BinScores::total).toList();
  }

  /** Every place with a link, in layers from the input up, segment by segment. */
  List<Place> places(ComputationGraph graph) {
    List<Node> order = graph.nodes();
    return links.stream()
        .flatMap(link -> List.of(link.source, link.target).stream())
        .distinct()
        .sorted(
            Comparator.comparingInt((Place place) -> order.indexOf(place.node))
                .thenComparingInt(Place::segment))
        .toList();
  }

  /**
   * Of every place that something leads out of, the share of all |weight| that leads out of it and
   * of the places before it, which have more: near 0 for the most important ones, 1 for the last.
   */
  Map<Place, Double> influence() {
    Map<Place, Double> out = new HashMap<>();
    for (Link link : links) {
      out.merge(link.source, Math.abs(link.weight()), Double::sum);
    }
    List<Map.Entry<Place, Double>> descending = new ArrayList<>(out.entrySet());
    descending.sort(
        Map.Entry.<Place, Double>comparingByValue()
            .reversed()
            .thenComparing(entry -> entry.getKey().toString()));
    double total = descending.stream().mapToDouble(Map.Entry::getValue).sum();
    Map<Place, Double> influence = new HashMap<>();
    double sum = 0;
    for (Map.Entry<Place, Double> entry : descending) {
      sum += entry.getValue();
      influence.put(entry.getKey(), Math.min(1, sum / total));
    }
    return influence;
  }
}
