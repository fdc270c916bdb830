package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import java.util.Arrays;
import java.util.stream.DoubleStream;

/**
 * How open every edge of a run is: <strong>gate 1 = clean, 0 = corrupted</strong>.
 *
 * <p>Target v reads {@code Σ_u z_uv · o_u + (1 − z_uv) · o'_u} (METHOD §2), with o the live and o'
 * the corrupted output of source u.
 */
public sealed interface Gates {
  /**
   * The same gate on all edges, one value for each sequence: a single mix of two residual streams.
   *
   * @param alpha gate of each live row, in [0, 1]
   */
  record Uniform(double[] alpha) implements Gates {
    /** Refuses gates outside [0, 1]. */
    public Uniform {
      requireUnitInterval(alpha);
      alpha = alpha.clone();
    }
  }

  /**
   * Only the input is gated: a live run begins with {@code α · o + (1 − α) · o'} of the input
   * (token plus position embedding), and every target reads the live run's own outputs.
   *
   * @param alpha gate of the input of each live row, in [0, 1]
   */
  record Inputs(double[] alpha) implements Gates {
    /** Refuses gates outside [0, 1]. */
    public Inputs {
      requireUnitInterval(alpha);
      alpha = alpha.clone();
    }
  }

  /**
   * A gate for every edge, the same for all sequences.
   *
   * @param z row-major {@code [nSrc, nDst]}, in [0, 1]; cells without an edge are ignored
   */
  record PerEdge(ComputationGraph graph, double[] z) implements Gates {
    /** Refuses gates outside [0, 1] or of another graph. */
    public PerEdge {
      if (z.length != graph.cells()) {
        throw new IllegalArgumentException(
            "gates per edge: expected %d × %d = %d values, got %d"
                .formatted(graph.sources(), graph.targets(), graph.cells(), z.length));
      }
      requireUnitInterval(z);
      z = z.clone();
    }
  }

  /** The gates of rows with these, followed by rows with {@code more}. */
  default Gates followedBy(Gates more) {
    if (this instanceof Uniform(double[] first) && more instanceof Uniform(double[] second)) {
      return new Uniform(joined(first, second));
    }
    if (this instanceof Inputs(double[] first) && more instanceof Inputs(double[] second)) {
      return new Inputs(joined(first, second));
    }
    if (this instanceof PerEdge && equals(more)) {
      return this;
    }
    throw new IllegalArgumentException("gates of different kinds cannot be in one batch");
  }

  /** The gates of the rows {@code chosen} of these. */
  default Gates of(int[] chosen) {
    return switch (this) {
      case Uniform(double[] alpha) -> new Uniform(chosen(alpha, chosen));
      case Inputs(double[] alpha) -> new Inputs(chosen(alpha, chosen));
      case PerEdge perEdge -> perEdge;
    };
  }

  /** Whether the gate of every edge of every row is {@code value}. */
  default boolean all(double value) {
    DoubleStream all =
        switch (this) {
          case Uniform(double[] alpha) -> Arrays.stream(alpha);
          case Inputs(double[] alpha) -> Arrays.stream(alpha);
          case PerEdge(ComputationGraph graph, double[] z) ->
              Arrays.stream(graph.edgeCells()).mapToDouble(cell -> z[cell]);
        };
    return all.allMatch(gate -> gate == value);
  }

  private static double[] joined(double[] first, double[] second) {
    return DoubleStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }

  private static double[] chosen(double[] alpha, int[] rows) {
    return Arrays.stream(rows).mapToDouble(row -> alpha[row]).toArray();
  }

  private static void requireUnitInterval(double[] gates) {
    for (double gate : gates) {
      if (!(gate >= 0 && gate <= 1)) {
        throw new IllegalArgumentException("a gate must lie in [0, 1], got " + gate);
      }
    }
  }
}
