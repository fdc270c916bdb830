package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Significance;
import dev.cotrace.circuit.Stability;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Components and their strongest edges for the page.
 *
 * <p>{@code nodes} are the sources, each with total, direct and through-CoT score, a pair of value
 * and standard error: the sum over the edges that leave it, which is the gradient at one gate for
 * all of them. {@code edges} are lists of equal length, one entry an edge, by falling |total|.
 */
final class ComponentsJson {
  /** Edges that are the strongest of their part; a page holds no more of one part. */
  static final int STRONGEST = 5000;

  private ComponentsJson() {}

  static void put(ObjectNode data, Attribution attribution, Circuit circuit, Stability stability) {
    ComputationGraph graph = attribution.graph();
    data.put("layers", graph.layers())
        .put("heads", graph.heads())
        .put("parallel", graph.parallel())
        .put("edge_count", graph.edgeCount())
        .put("complete_to", Math.min(STRONGEST, graph.edgeCount()));
    ArrayNode targets = data.putArray("targets");
    IntStream.range(0, graph.targets())
        .mapToObj(graph::targetNode)
        .forEach(node -> targets.add(node.toString()));
    ArrayNode slots = data.putArray("slots");
    IntStream.range(0, graph.targets())
        .mapToObj(graph::targetSlot)
        .forEach(slot -> slots.add(slot.label()));
    ArrayNode nodes = data.putArray("nodes");
    for (int source = 0; source < graph.sources(); source++) {
      node(nodes.addObject(), attribution, source);
    }
    edges(data.putObject("edges"), attribution, circuit, stability);
  }

  private static void node(ObjectNode node, Attribution attribution, int source) {
    int[] cells = attribution.graph().edgesFrom(source).toArray();
    node.put("name", attribution.graph().sourceNode(source).toString());
    Rounded.put(node.putArray("total"), attribution.sum(cells));
    Rounded.put(node.putArray("direct"), attribution.sumDirect(cells));
    Rounded.put(node.putArray("through"), attribution.sumThroughCot(cells));
  }

  private static void edges(
      ObjectNode edges, Attribution attribution, Circuit circuit, Stability stability) {
    ComputationGraph graph = attribution.graph();
    Significance significance = attribution.significance();
    int[] cells = shown(attribution);
    numbers(edges.putArray("source"), cells, cell -> graph.sourceOf(cell));
    numbers(edges.putArray("target"), cells, cell -> cell % graph.targets());
    part(edges, "total", cells, attribution.total());
    part(edges, "direct", cells, attribution.direct());
    part(edges, "through", cells, attribution.throughCot());
    numbers(edges.putArray("q"), cells, cell -> significance.q()[cell]);
    numbers(edges.putArray("inclusion"), cells, cell -> stability.inclusion()[cell]);
    ArrayNode chosen = edges.putArray("circuit");
    for (int cell : cells) {
      chosen.add(circuit.contains(cell) ? 1 : 0);
    }
  }

  /** The strongest edges of each part, those of the largest |total| first. */
  private static int[] shown(Attribution attribution) {
    ComputationGraph graph = attribution.graph();
    Set<Integer> cells = new TreeSet<>();
    cells.addAll(attribution.total().strongest(graph, STRONGEST));
    cells.addAll(attribution.direct().strongest(graph, STRONGEST));
    cells.addAll(attribution.throughCot().strongest(graph, STRONGEST));
    return attribution.total().strongest(graph, graph.edgeCount()).stream()
        .filter(cells::contains)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static void part(ObjectNode edges, String name, int[] cells, Scores scores) {
    numbers(edges.putArray(name), cells, cell -> scores.at(cell).value());
    numbers(edges.putArray(name + "_error"), cells, cell -> scores.at(cell).standardError());
  }

  private static void numbers(ArrayNode list, int[] cells, ToDoubleFunction<Integer> number) {
    for (int cell : cells) {
      Rounded.add(list, number.applyAsDouble(cell));
    }
  }

  /** An estimate whose error is at most what the errors of its summands come to. */
  static Estimate bounded(Scores scores, int[] cells) {
    double value = 0;
    double error = 0;
    for (int cell : cells) {
      value += scores.values()[cell];
      error += scores.standardErrors()[cell];
    }
    return new Estimate(value, error);
  }
}
