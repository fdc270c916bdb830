package dev.cotrace.circuit;

import java.util.stream.IntStream;

/**
 * The nodes of a graph that write, each as one unit or cut into several that add up to what it
 * writes. The units of a node lie side by side, in the order of the nodes.
 *
 * @param graph the nodes
 * @param level how they are cut; not {@link Level#EDGE}
 * @param width of the residual stream D
 * @param neurons hidden units of an MLP
 */
public record Pieces(ComputationGraph graph, Level level, int width, int neurons) implements Units {
  /** Refuses edges, which are no pieces of nodes. */
  public Pieces {
    if (level == Level.EDGE) {
      throw new IllegalArgumentException("edges are no pieces of nodes: their units are a graph");
    }
  }

  /** Number of units of the source in row {@code source}. */
  public int count(int source) {
    return switch (level) {
      case NODE, EDGE -> 1;
      case RESIDUAL_DIM -> width;
      case NEURON -> isMlp(source) ? neurons : 1;
    };
  }

  /** Cell of the first unit of the source in row {@code source}; the others follow it. */
  public int first(int source) {
    int mlps = source == 0 ? 0 : (source - 1) / (graph.heads() + 1);
    return switch (level) {
      case NODE, EDGE -> source;
      case RESIDUAL_DIM -> Math.multiplyExact(source, width);
      case NEURON -> Math.addExact(source - mlps, Math.multiplyExact(mlps, neurons));
    };
  }

  private boolean isMlp(int source) {
    return source > 0 && (source - 1) % (graph.heads() + 1) == graph.heads();
  }

  @Override
  public int cells() {
    int last = graph.sources() - 1;
    return Math.addExact(first(last), count(last));
  }

  @Override
  public int[] unitCells() {
    return IntStream.range(0, cells()).toArray();
  }

  @Override
  public int unitCount() {
    return cells();
  }

  @Override
  public String name(int cell) {
    int source = source(cell);
    String node = graph.sourceNode(source).toString();
    int piece = cell - first(source);
    return switch (level) {
      case RESIDUAL_DIM -> "%s.d%d".formatted(node, piece);
      case NEURON -> isMlp(source) ? "%s.n%d".formatted(node, piece) : node;
      case NODE, EDGE -> node;
    };
  }

  /** Row of the source that the unit of {@code cell} is a piece of. */
  public int source(int cell) {
    int low = 0;
    int high = graph.sources() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (first(middle) <= cell) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
