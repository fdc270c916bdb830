package dev.cotrace;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Units;
import dev.cotrace.gate.Gates;
import dev.cotrace.report.CircuitFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Gates to sample from, with the name they were asked for by.
 *
 * @param gates the same for all rows: a {@link Gates.Uniform} has one α
 */
record GateSetting(String name, Gates gates) {
  private static final Pattern NUMBER =
      Pattern.compile("([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE]-?[0-9]+)?");

  /** Beyond it float32 keeps nothing of what else is in the stream. */
  private static final int MOST_SCALE = 1_000_000;

  /**
   * Reads {@code full}, {@code corrupted}, a gate of all edges such as {@code 0.5}, a file with a
   * circuit, or a run directory that holds one.
   *
   * @throws IllegalArgumentException when it is none of these or of another model
   */
  static GateSetting parse(String text, Units units) throws IOException {
    if (text.equals("full")) {
      return uniform(text, 1);
    }
    if (text.equals("corrupted")) {
      return uniform(text, 0);
    }
    if (NUMBER.matcher(text).matches()) {
      return uniform("gates " + text, Double.parseDouble(text));
    }
    Path path = Path.of(text);
    Path file = Files.isDirectory(path) ? path.resolve("circuit.json") : path;
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "expected full, corrupted, a gate between 0 and 1, a run directory or a circuit file, got '%s': there is no %s"
              .formatted(text, file));
    }
    Circuit circuit = CircuitFile.read(file).circuit();
    CircuitSweep.requireSameUnits(file, circuit.units(), units);
    return new GateSetting(text, Gates.of(circuit.in(units)));
  }

  /** All units alike. */
  static GateSetting uniform(String name, double alpha) {
    return new GateSetting(name, new Gates.Uniform(new double[] {alpha}));
  }

  /** This with the named units shut. */
  GateSetting without(List<String> names, Units units) {
    double[] z = perUnit(units);
    for (String unit : names) {
      z[units.cell(unit)] = 0;
    }
    return new GateSetting(name + " without " + String.join(", ", names), Gates.of(units, z));
  }

  /** This with the named units scaled. */
  GateSetting scaled(Map<String, Double> scales, Units units) {
    if (units.level() == Level.EDGE) {
      throw new IllegalArgumentException(
          "--scale is of what a unit writes, and edges write nothing: give --level node, head, mlp, neuron, residual-dim or feature");
    }
    double[] z = perUnit(units);
    scales.forEach((unit, factor) -> {
      if (!(Math.abs(factor) <= MOST_SCALE)) {
        throw new IllegalArgumentException(
            "--scale takes factors from -%,d to %,d, got %s of %s"
                .formatted(MOST_SCALE, MOST_SCALE, factor, unit));
      }
      z[units.cell(unit)] = factor;
    });
    return new GateSetting(name + " with " + scales, Gates.of(units, z));
  }

  private double[] perUnit(Units units) {
    return switch (gates) {
      case Gates.Uniform(double[] alpha) -> {
        double[] z = new double[units.cells()];
        Arrays.fill(z, alpha[0]);
        yield z;
      }
      case Gates.PerEdge(ComputationGraph _, double[] z) -> z.clone();
      case Gates.PerPiece(Pieces _, double[] z) -> z.clone();
      case Gates.Held _ -> throw new IllegalStateException("no gate of a unit is asked for");
    };
  }

  /** The gates of {@code rows} rows. */
  Gates rows(int rows) {
    return gates.of(new int[rows]);
  }
}
