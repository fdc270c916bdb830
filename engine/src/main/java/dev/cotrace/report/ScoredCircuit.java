package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Units;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What a circuit file holds.
 *
 * @param width of the residual stream, D; EAP-IG's {@code d_model}
 * @param scores by cell; 0 where the file has none, NaN where it says so
 * @param circuit the units that are {@code in_graph}
 */
public record ScoredCircuit(int width, double[] scores, Circuit circuit) {
  /** Refuses scores of another graph. */
  public ScoredCircuit {
    if (scores.length != circuit.units().cells()) {
      throw new IllegalArgumentException(
          "a circuit of this graph has %d scores, got %d"
              .formatted(circuit.units().cells(), scores.length));
    }
  }

  /**
   * This, where every edge has a score to be ranked by.
   *
   * @param file whose it is, for the error
   * @throws IllegalArgumentException when one is not finite
   */
  public ScoredCircuit finite(Path file) {
    int[] without =
        IntStream.of(units().unitCells()).filter(cell -> !Double.isFinite(scores[cell])).toArray();
    if (without.length > 0) {
      throw new IllegalArgumentException(
          "expected every %s of %s to have a finite score, but %d have none, %s the first; only export and sample take such a file"
              .formatted(units().noun(), file, without.length, units().name(without[0])));
    }
    return this;
  }

  /** These scores, of which nothing else is known. */
  public Attribution attribution() {
    Estimate unknown = new Estimate(Double.NaN, Double.NaN);
    return attribution(Ends.unpaired(unknown, unknown));
  }

  /** These scores, of which neither errors nor parts are known, between {@code ends}. */
  public Attribution attribution(Ends ends) {
    double[] unknown = new double[scores.length];
    Arrays.fill(unknown, Double.NaN);
    Estimate nothing = new Estimate(Double.NaN, Double.NaN);
    Scores known = new Scores(scores, unknown, nothing);
    return new Attribution(units(), known, known, known, ends, nothing, 0, 0, 0);
  }

  /** Names the cells. */
  public Units units() {
    return circuit.units();
  }

  /** The nodes and edges of the model. */
  public ComputationGraph graph() {
    return circuit.graph();
  }
}
