package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import java.util.Arrays;

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

  /** These scores, of which neither errors nor parts are known, from J(0) to J(1). */
  public Attribution attribution(Estimate clean, Estimate corrupted) {
    double[] unknown = new double[scores.length];
    Arrays.fill(unknown, Double.NaN);
    Estimate nothing = new Estimate(Double.NaN, Double.NaN);
    Scores known = new Scores(scores, unknown, nothing);
    return new Attribution(graph(), known, known, known, clean, corrupted, nothing, 0, 0, 0);
  }

  /** Names the cells. */
  public ComputationGraph graph() {
    return circuit.graph();
  }
}
