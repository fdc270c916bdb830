package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import java.nio.file.Path;

/** What a file may say of the shape of a graph. */
final class GraphShape {
  /** Layers or heads: far above any model's, and small enough for the products of a graph. */
  static final int MOST = 4096;

  /** Of the residual stream. */
  static final int MOST_WIDTH = 1 << 20;

  private GraphShape() {}

  /**
   * The graph of {@code layers} and {@code heads}, each from 1 to {@link #MOST}.
   *
   * @throws IllegalArgumentException when its matrices would be too large
   */
  static ComputationGraph graph(Path file, int layers, int heads, boolean parallel) {
    try {
      ComputationGraph graph = new ComputationGraph(layers, heads, parallel);
      Math.multiplyExact(graph.cells(), Double.BYTES);
      return graph;
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "%s: a graph of %d layers and %d heads is too large".formatted(file, layers, heads), e);
    }
  }
}
