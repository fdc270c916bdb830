package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Edge;
import dev.cotrace.circuit.Node;
import dev.cotrace.circuit.Slot;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A picture for Graphviz: nodes in rows, the input at the bottom, each layer's heads below its MLP.
 * An arrow's width grows with |score|, its colour is the sign: blue raises J, orange lowers it.
 * Every arrow has its {@link EdgeColumns} as attributes of the same names, beside Graphviz's own.
 */
public final class CircuitDot {
  private static final String RAISES = "#2166ac";
  private static final String LOWERS = "#b35806";

  /** Widths of the arrows of the smallest and the largest |score|, in points. */
  private static final double THINNEST = 0.5;

  private static final double THICKEST = 5;

  private CircuitDot() {}

  /** Writes the chosen edges and the nodes they join. */
  public static void write(Path file, ExportedCircuit exported, EdgeChoice choice)
      throws IOException {
    int[] cells = exported.cells(choice);
    TextFile.write(
        file,
        out -> {
          out.write("digraph circuit {\n  rankdir=BT;\n  node [shape=box, style=rounded];\n");
          writeNodes(out, exported.graph(), cells);
          writeEdges(out, exported, cells);
          out.write("}\n");
        });
  }

  private static void writeNodes(Writer out, ComputationGraph graph, int[] cells)
      throws IOException {
    Set<Node> joined = new HashSet<>();
    for (int cell : cells) {
      joined.add(graph.edge(cell).source());
      joined.add(graph.edge(cell).target());
    }
    SortedMap<Integer, String> rows =
        graph.nodes().stream()
            .filter(joined::contains)
            .collect(
                Collectors.groupingBy(
                    node -> row(graph, node),
                    TreeMap::new,
                    Collectors.mapping("\"%s\";"::formatted, Collectors.joining(" "))));
    for (String row : rows.values()) {
      out.write("  { rank=same; %s }\n".formatted(row));
    }
  }

  private static int row(ComputationGraph graph, Node node) {
    return switch (node) {
      case Node.Input _ -> 0;
      case Node.Head(int layer, int _) -> 1 + 2 * layer;
      case Node.Mlp(int layer) -> graph.parallel() ? 1 + 2 * layer : 2 + 2 * layer;
      case Node.Logits _ -> 1 + 2 * graph.layers();
    };
  }

  private static void writeEdges(Writer out, ExportedCircuit exported, int[] cells)
      throws IOException {
    EdgeColumns columns = EdgeColumns.of(exported);
    double[] scores = exported.scored().scores();
    double largest =
        Arrays.stream(cells)
            .mapToDouble(cell -> Math.abs(scores[cell]))
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    for (int cell : cells) {
      Edge edge = exported.graph().edge(cell);
      StringJoiner attributes = new StringJoiner(", ", " [", "];\n");
      attributes.add(attribute("label", edge.slot() == Slot.IN ? "" : edge.slot().label()));
      attributes.add(attribute("color", scores[cell] < 0 ? LOWERS : RAISES));
      attributes.add(attribute("penwidth", width(scores[cell], largest)));
      columns.at(cell).forEach((name, number) -> attributes.add(attribute(name, number)));
      attributes.add(attribute("in_circuit", String.valueOf(exported.circuit().contains(cell))));
      out.write("  \"%s\" -> \"%s\"%s".formatted(edge.source(), edge.target(), attributes));
    }
  }

  private static String attribute(String name, String value) {
    return "%s=\"%s\"".formatted(name, value);
  }

  private static String width(double score, double largest) {
    double share = largest == 0 || !Double.isFinite(score) ? 0 : Math.abs(score) / largest;
    return String.format(Locale.ROOT, "%.2f", THINNEST + (THICKEST - THINNEST) * share);
  }
}
