import dev.cotrace.DiscoveryListener;
import dev.cotrace.Experiment;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import java.util.Map;

/**
 * When does it act? Scores by step of the chain of thought, which here is {@code 8>8;5>3;0>3;7>0=}: a digit, {@code >}, the
 * total, {@code ;}, four times. What is read at a step decides about the next token.
 *
 * <p>Run: {@code ./cotrace examples/E06Time.java}
 */
final class E06Time {
  public static void main(String[] arguments) throws Exception {
    Map<String, Object> settings =
        Map.of(
            "model", "models/arithmetic",
            "task", "models/tasks/arithmetic-sum.jsonl",
            "bins", "step",
            "limit", 8,
            "rollouts", 4,
            "points", 15);
    try (Experiment experiment = Experiment.open(SpecYaml.read(null, settings), DiscoveryListener.SILENT)) {
      Attribution scores = new IntegratedGradient(experiment.workload(), RunListener.SILENT).attribute();

      // Every edge has a score in every bin; here are the sums over all edges, and each bin's strongest edge.
      System.out.printf("%-8s  %-20s  %s%n", "reads", "score", "most of it by");
      for (BinScores bin : scores.byBin()) {
        int cell = bin.total().strongest(scores.graph(), 1).getFirst();
        System.out.printf(
            "%-8s  %-20s  %s %s%n", bin.name(), bin.total().sum(), scores.graph().edge(cell), bin.total().at(cell));
      }

      // The bins add up to the scores without bins, edge by edge.
      System.out.println("in all    " + scores.total().sum());
    }
  }
}
