package dev.cotrace.circuit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A source of a graph with all its edges or pieces; where pieces are of several sources together,
 * these. The sum of its scores is the gradient at one gate for all of it.
 *
 * @param name such as {@code m3}
 * @param cells of its edges or pieces
 * @param sources rows of the graph that it stands for; none of the residual stream
 */
// The arrays are made for this record alone.
@SuppressWarnings("ArrayRecordComponent")
public record Component(String name, int[] cells, int[] sources) {
  /** The components of {@code units}, in the order in which they write. */
  public static List<Component> of(Units units) {
    return switch (units) {
      case ComputationGraph graph -> ofEdges(graph);
      case Pieces pieces -> ofPieces(pieces);
      case UnitEdges edges -> throw apart(edges);
    };
  }

  private static IllegalStateException apart(UnitEdges edges) {
    return new IllegalStateException("edges between units are in no file of a run: " + edges);
  }

  private static List<Component> ofEdges(ComputationGraph graph) {
    return IntStream.range(0, graph.sources())
        .mapToObj(source ->
            new Component(
                graph.sourceNode(source).toString(),
                graph.edgesFrom(source).toArray(),
                new int[] {source}))
        .toList();
  }

  private static List<Component> ofPieces(Pieces pieces) {
    List<Component> components = new ArrayList<>();
    int source = 0;
    for (int part = 0; part < pieces.parts().size(); part++) {
      Part own = pieces.parts().get(part);
      int[] sources = IntStream.range(source, source + own.sources()).toArray();
      components.add(new Component(own.name(), pieces.cells(part).toArray(), sources));
      source += own.sources();
    }
    return components;
  }
}
