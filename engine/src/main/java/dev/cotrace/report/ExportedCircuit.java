package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A circuit to write for another tool.
 *
 * @param scored the circuit with the score of every unit
 * @param selection how its units were chosen, in words; empty where that is not known
 * @param attribution the errors and parts of those scores; null where the circuit is from a file
 *     that has none
 */
public record ExportedCircuit(
    ScoredCircuit scored, String selection, @Nullable Attribution attribution) {
  /** A circuit of which it is not known how its units were chosen. */
  public ExportedCircuit(ScoredCircuit scored, @Nullable Attribution attribution) {
    this(scored, "", attribution);
  }

  /** Refuses the scores of another graph. */
  public ExportedCircuit {
    if (attribution != null && !scored.units().equals(attribution.units())) {
      throw new IllegalArgumentException(
          "the circuit is of %s, its scores are of %s"
              .formatted(scored.units(), attribution.units()));
    }
  }

  /**
   * The circuit of a run.
   *
   * @param selection how its units were chosen, in words
   * @param width of the residual stream, D
   */
  public static ExportedCircuit of(
      Circuit circuit, String selection, Attribution attribution, int width) {
    return new ExportedCircuit(
        new ScoredCircuit(width, attribution.total().values(), circuit), selection, attribution);
  }

  ComputationGraph graph() {
    return scored.graph();
  }

  Circuit circuit() {
    return scored.circuit();
  }

  /** The cells of the units to write: edges in EAP-IG's order, others in their own. */
  int[] cells(EdgeChoice choice) {
    int[] all =
        scored.units() instanceof ComputationGraph graph
            ? EdgeOrder.of(graph)
            : scored.units().unitCells();
    return switch (choice) {
      case ALL -> all;
      case CIRCUIT -> Arrays.stream(all).filter(circuit()::contains).toArray();
    };
  }
}
