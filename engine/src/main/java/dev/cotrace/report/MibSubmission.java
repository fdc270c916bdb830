package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Selection;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder of one {@link MibCell} in a submission to the benchmark: one file with importances, or
 * nine with circuits of growing size. Scores there are high where an edge helps, so they are turned
 * around where J(1) is below J(0).
 *
 * @param content what the folder holds
 * @param type of its files
 * @param ranking of the edges of the nine circuits
 */
public record MibSubmission(Content content, Type type, Circuit.Ranking ranking) {
  /** Sizes of the nine circuits, in percent of all edges; each is the most it may have. */
  private static final List<String> PERCENT =
      List.of("0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50");

  private static final String IMPORTANCES = "importances";

  /** Either of the two kinds of folders. */
  public enum Content {
    /** The score of every edge, from which the benchmark chooses circuits. */
    IMPORTANCES,
    /** Nine circuits; the score of an edge is 1 in the circuit and 0 outside. */
    CIRCUITS
  }

  /** Both of EAP-IG's formats are read there. */
  public enum Type {
    /** {@link CircuitJson}. */
    JSON,
    /** {@link CircuitPt}. */
    PT;

    private String ending() {
      return this == JSON ? ".json" : ".pt";
    }
  }

  /** Writes the files into {@code folder}, in place of those an earlier submission left there. */
  public void write(Path folder, MibCell cell, ExportedCircuit exported) throws IOException {
    cell.requireModel(exported.graph());
    ScoredCircuit helping = helping(exported);
    Files.createDirectories(folder);
    for (Path stale : files(folder)) {
      Files.deleteIfExists(stale);
    }
    switch (content) {
      case IMPORTANCES -> write(folder.resolve(IMPORTANCES + type.ending()), helping);
      case CIRCUITS -> {
        Attribution ranked =
            helping.attribution(Ends.unpaired(Estimate.exact(1), Estimate.exact(0)));
        for (String percent : PERCENT) {
          int size = most(percent, exported.graph());
          Circuit circuit = new Selection.Top(size, ranking).of(ranked);
          write(
              folder.resolve(percent + type.ending()),
              new ScoredCircuit(helping.width(), circuit.gates(), circuit));
        }
      }
    }
  }

  /** How many edges are at most {@code percent} of all, exactly. */
  private static int most(String percent, ComputationGraph graph) {
    return new BigDecimal(percent)
        .multiply(BigDecimal.valueOf(graph.edgeCount()))
        .movePointLeft(2)
        .intValue();
  }

  /** Every name that a folder may have been given. */
  private static List<Path> files(Path folder) {
    return Stream.concat(Stream.of(IMPORTANCES), PERCENT.stream())
        .flatMap(name -> Arrays.stream(Type.values()).map(type -> name + type.ending()))
        .map(folder::resolve)
        .toList();
  }

  private void write(Path file, ScoredCircuit scored) throws IOException {
    switch (type) {
      case JSON -> CircuitJson.write(file, new ExportedCircuit(scored, null));
      case PT -> CircuitPt.write(file, scored);
    }
  }

  private static ScoredCircuit helping(ExportedCircuit exported) {
    Attribution attribution = exported.attribution();
    double direction = attribution == null ? 1 : attribution.direction();
    double[] scores = exported.scored().scores().clone();
    for (int cell : exported.graph().edgeCells()) {
      if (!Double.isFinite(scores[cell])) {
        throw new IllegalArgumentException(
            "edge %s has no score, and the benchmark ranks every edge"
                .formatted(exported.graph().edge(cell)));
      }
      scores[cell] *= direction;
    }
    return new ScoredCircuit(exported.scored().width(), scores, exported.circuit());
  }
}
