package dev.cotrace.report;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Scores;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Seeded circuits of random graphs, with scores that float32 holds exactly. */
final class RandomCircuits {
  private RandomCircuits() {}

  /** A circuit of a run of a model of 2 to 4 layers, with scores by {@code bins} bins. */
  static ExportedCircuit of(long seed, int bins) {
    SplittableRandom random = new SplittableRandom(seed);
    ComputationGraph graph =
        new ComputationGraph(random.nextInt(2, 5), random.nextInt(1, 5), random.nextBoolean());
    boolean[] edges = new boolean[graph.cells()];
    for (int cell : graph.edgeCells()) {
      edges[cell] = random.nextInt(3) == 0;
    }
    Estimate clean = new Estimate(random.nextDouble(-1, 1), 0.25);
    Attribution attribution =
        new Attribution(
            graph,
            Method.IG_GATES,
            scores(graph, random),
            scores(graph, random),
            scores(graph, random),
            Ends.unpaired(clean, Estimate.exact(0)),
            Estimate.exact(0),
            8,
            5,
            100,
            ClusterSums.NONE,
            IntStream.range(0, bins)
                .mapToObj(bin ->
                    new BinScores(
                        "sentence " + bin,
                        scores(graph, random),
                        scores(graph, random),
                        scores(graph, random)))
                .toList());
    return ExportedCircuit.of(
        new Circuit(graph, edges), "some", attribution, random.nextInt(1, 4096));
  }

  /** What a run knows of the scores. */
  static Attribution attribution(ExportedCircuit exported) {
    return Objects.requireNonNull(exported.attribution());
  }

  /** The same without what a file of scores alone does not say. */
  static ExportedCircuit bare(long seed) {
    return new ExportedCircuit(of(seed, 0).scored(), null);
  }

  private static Scores scores(ComputationGraph graph, SplittableRandom random) {
    double[] values = new double[graph.cells()];
    double[] errors = new double[graph.cells()];
    for (int cell : graph.edgeCells()) {
      values[cell] = (float) random.nextDouble(-1, 1);
      errors[cell] = random.nextInt(8) == 0 ? Double.NaN : (float) random.nextDouble();
    }
    return new Scores(values, errors, new Estimate(1, 0.5));
  }
}
