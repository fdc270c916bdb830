package dev.cotrace.report;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;

/**
 * What a circuit file holds.
 *
 * @param width of the residual stream, D; EAP-IG's {@code d_model}
 * @param scores row-major {@code [nSrc, nDst]}; 0 where the file has none, NaN where it says so
 * @param circuit the edges that are {@code in_graph}
 */
public record ScoredCircuit(int width, double[] scores, Circuit circuit) {
  /** Refuses scores of another graph. */
  public ScoredCircuit {
    if (scores.length != circuit.graph().cells()) {
      throw new IllegalArgumentException(
          "a circuit of this graph has %d scores, got %d"
              .formatted(circuit.graph().cells(), scores.length));
    }
  }

  /** Names the cells. */
  public ComputationGraph graph() {
    return circuit.graph();
  }
}
