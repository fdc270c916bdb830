package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;

/**
 * The order in which EAP-IG lists edges: layer by layer of the reading node; for every source so
 * far, head 0's q, k, v, head 1's q, k, v and so on; every source into the MLP, in a parallel block
 * right after that source's head edges; edges into {@code logits} last.
 */
final class EdgeOrder {
  private final ComputationGraph graph;
  private final int[] cells;
  private int next;

  private EdgeOrder(ComputationGraph graph) {
    this.graph = graph;
    cells = new int[graph.edgeCount()];
  }

  /** The cells of all edges of {@code graph}, in EAP-IG's order. */
  static int[] of(ComputationGraph graph) {
    EdgeOrder order = new EdgeOrder(graph);
    for (int layer = 0; layer < graph.layers(); layer++) {
      order.addLayer(layer);
    }
    order.addAllInto(graph.logitsTarget());
    return order.cells;
  }

  private void addLayer(int layer) {
    int mlp = graph.mlpTarget(layer);
    for (int source = 0; source < graph.headSource(layer); source++) {
      for (int head = 0; head < graph.heads(); head++) {
        add(source, graph.headTarget(layer, Slot.Q) + head);
        add(source, graph.headTarget(layer, Slot.K) + head);
        add(source, graph.headTarget(layer, Slot.V) + head);
      }
      if (graph.parallel()) {
        add(source, mlp);
      }
    }
    if (!graph.parallel()) {
      addAllInto(mlp);
    }
  }

  private void addAllInto(int target) {
    for (int source = 0; source < graph.visibleSources(target); source++) {
      add(source, target);
    }
  }

  private void add(int source, int target) {
    cells[next++] = source * graph.targets() + target;
  }
}
