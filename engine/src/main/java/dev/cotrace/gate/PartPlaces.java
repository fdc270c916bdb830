package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;

/** Where the parts of a layer stand among {@link Pieces#parts}. */
final class PartPlaces {
  private final int[] heads; // by layer
  private final int[] mlps;

  /** Of pieces of nodes; where the stream is cut instead, nobody asks. */
  PartPlaces(Pieces pieces, FeatureSites features) {
    ComputationGraph graph = pieces.graph();
    heads = new int[graph.layers()];
    mlps = new int[graph.layers()];
    int next = 1;
    for (int layer = 0; layer < graph.layers(); layer++) {
      heads[layer] = next;
      mlps[layer] = next + (features.heads(layer) == null ? graph.heads() : 1);
      next = mlps[layer] + 1;
    }
  }

  /** The input. */
  int input() {
    return 0;
  }

  /** The first head of {@code layer}, which the others follow; or all of them together. */
  int heads(int layer) {
    return heads[layer];
  }

  /** The MLP of {@code layer}. */
  int mlp(int layer) {
    return mlps[layer];
  }
}
