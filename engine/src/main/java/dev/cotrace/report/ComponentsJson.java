package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Component;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Significance;
import dev.cotrace.circuit.Stability;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
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
    Units units = attribution.units();
    ComputationGraph graph = units.graph();
    data.put("level", units.level().label())
        .put("noun", units.noun())
        .put("nouns", units.nouns())
        .put("pieces", units.level().nouns())
        .put("layers", graph.layers())
        .put("heads", graph.heads())
        .put("parallel", graph.parallel())
        .put("edge_count", units.unitCount())
        .put("complete_to", Math.min(STRONGEST, units.unitCount()));
    ArrayNode targets = data.putArray("targets");
    ArrayNode slots = data.putArray("slots");
    if (units instanceof ComputationGraph) {
      for (int target = 0; target < graph.targets(); target++) {
        targets.add(graph.targetNode(target).toString());
        slots.add(graph.targetSlot(target).label());
      }
    }
    ArrayNode nodes = data.putArray("nodes");
    Component.of(units).forEach(component -> node(nodes.addObject(), attribution, component));
    edges(data.putObject("edges"), attribution, circuit, stability);
  }

  private static void node(ObjectNode node, Attribution attribution, Component component) {
    int[] cells = component.cells();
    node.put("name", component.name());
    Rounded.put(node.putArray("total"), attribution.sum(cells));
    Rounded.put(node.putArray("direct"), attribution.sumDirect(cells));
    Rounded.put(node.putArray("through"), attribution.sumThroughCot(cells));
  }

  private static void edges(
      ObjectNode edges, Attribution attribution, Circuit circuit, Stability stability) {
    Significance significance = attribution.significance();
    int[] cells = shown(attribution);
    for (int cell : cells) {
      ends(edges, attribution.units(), cell);
    }
    part(edges, "total", cells, attribution.total());
    part(edges, "direct", cells, attribution.direct());
    part(edges, "through", cells, attribution.throughCot());
    numbers(edges.putArray("q"), cells, cell -> significance.q()[cell]);
    numbers(edges.putArray("inclusion"), cells, cell -> stability.inclusion()[cell]);
    ArrayNode chosen = edges.putArray("circuit");
    for (int cell : cells) {
      chosen.add(circuit.contains(cell) ? 1 : 0);
    }
    if (attribution.units() instanceof Pieces pieces && pieces.isMixed()) {
      ArrayNode cut = edges.putArray("cut");
      for (int cell : cells) {
        cut.add(pieces.isCut(cell) && !pieces.isError(cell) ? 1 : 0);
      }
    }
  }

  /** The ends of the edge at {@code cell}; of another unit its node and its name. */
  static void ends(ObjectNode edges, Units units, int cell) {
    switch (units) {
      case ComputationGraph graph -> {
        edges.withArray("source").add(graph.sourceOf(cell));
        edges.withArray("target").add(cell % graph.targets());
      }
      case UnitEdges other -> throw new IllegalArgumentException("no page shows " + other);
      case Pieces pieces -> {
        edges.withArray("source").add(pieces.part(cell));
        edges.withArray("name").add(pieces.name(cell));
      }
    }
  }

  /** The strongest units of each part, those of the largest |total| first. */
  private static int[] shown(Attribution attribution) {
    Units units = attribution.units();
    Set<Integer> cells = new TreeSet<>();
    cells.addAll(attribution.total().strongest(units, STRONGEST));
    cells.addAll(attribution.direct().strongest(units, STRONGEST));
    cells.addAll(attribution.throughCot().strongest(units, STRONGEST));
    return attribution.total().strongest(units, units.unitCount()).stream()
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
