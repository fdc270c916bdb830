package dev.cotrace.gate;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

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
   * What one writer of each live row writes is held at {@code α · o + (1 − α) · o'}; everything
   * else is the live run's own. The live run below the writer is the clean one, so o is clean. What
   * is held is a constant: nothing goes back through it.
   *
   * @param writer of each live row, as {@link ComputationGraph#writers} counts them
   * @param alpha gate of what it writes, in [0, 1]
   */
  record Held(int[] writer, double[] alpha) implements Gates {
    /** Refuses gates outside [0, 1]. */
    public Held {
      if (writer.length != alpha.length) {
        throw new IllegalArgumentException(
            "%d writers need as many gates, got %d".formatted(writer.length, alpha.length));
      }
      requireUnitInterval(alpha);
      writer = writer.clone();
      alpha = alpha.clone();
    }

    /**
     * The input (token plus position embedding) of every row is held.
     *
     * @param alpha gate of the input of each live row, in [0, 1]
     */
    public static Held inputs(double[] alpha) {
      return new Held(new int[alpha.length], alpha);
    }

    /** Whether the input of every row is held. */
    boolean isOfInputs() {
      return Arrays.stream(writer).allMatch(w -> w == 0);
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

  /**
   * A gate for every piece of a node, the same for all sequences. What a node writes is {@code o' +
   * Σ_p z_p (o_p − o'_p)} for all that read it; a gate above 1 makes more of a piece than there is.
   *
   * @param z by cell, finite
   */
  record PerPiece(Pieces pieces, double[] z) implements Gates {
    /** Refuses gates of other pieces. */
    public PerPiece {
      if (z.length != pieces.cells()) {
        throw new IllegalArgumentException(
            "gates of %s: expected %d values, got %d".formatted(pieces, pieces.cells(), z.length));
      }
      for (double gate : z) {
        if (!Double.isFinite(gate)) {
          throw new IllegalArgumentException("a gate must be finite, got " + gate);
        }
      }
      z = z.clone();
    }
  }

  /** Open for the units of {@code circuit}, shut for all others. */
  static Gates of(Circuit circuit) {
    return of(circuit.units(), circuit.gates());
  }

  /**
   * A gate for every unit, the same for all sequences.
   *
   * @param z by cell
   */
  static Gates of(Units units, double[] z) {
    return switch (units) {
      case ComputationGraph graph -> new PerEdge(graph, z);
      case Pieces pieces -> new PerPiece(pieces, z);
      case UnitEdges edges ->
          throw new IllegalArgumentException("no run has a gate for each of " + edges);
    };
  }

  /** The gates of rows with these, followed by rows with {@code more}. */
  default Gates followedBy(Gates more) {
    if (this instanceof Uniform(double[] first) && more instanceof Uniform(double[] second)) {
      return new Uniform(joined(first, second));
    }
    if (this instanceof Held first && more instanceof Held second) {
      return new Held(
          IntStream.concat(Arrays.stream(first.writer), Arrays.stream(second.writer)).toArray(),
          joined(first.alpha, second.alpha));
    }
    if ((this instanceof PerEdge || this instanceof PerPiece) && equals(more)) {
      return this;
    }
    throw new IllegalArgumentException("gates of different kinds cannot be in one batch");
  }

  /** The gates of the rows {@code chosen} of these. */
  default Gates of(int[] chosen) {
    return switch (this) {
      case Uniform(double[] alpha) -> new Uniform(chosen(alpha, chosen));
      case Held(int[] writer, double[] alpha) ->
          new Held(Arrays.stream(chosen).map(row -> writer[row]).toArray(), chosen(alpha, chosen));
      case PerEdge perEdge -> perEdge;
      case PerPiece perPiece -> perPiece;
    };
  }

  /** Whether every live row is that of the clean run. */
  default boolean areOpen() {
    return all(1);
  }

  /** Whether every live row is that of the corrupted run. */
  default boolean areShut() {
    return all(0) && !(this instanceof Held held && !held.isOfInputs());
  }

  private boolean all(double value) {
    DoubleStream all =
        switch (this) {
          case Uniform(double[] alpha) -> Arrays.stream(alpha);
          case Held(int[] _, double[] alpha) -> Arrays.stream(alpha);
          case PerEdge(ComputationGraph graph, double[] z) ->
              Arrays.stream(graph.edgeCells()).mapToDouble(cell -> z[cell]);
          case PerPiece(Pieces _, double[] z) -> Arrays.stream(z);
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
