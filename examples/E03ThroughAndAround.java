import dev.cotrace.DiscoveryListener;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.Experiment;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Attribution;
import java.util.List;
import java.util.Map;

/**
 * Through the words or around them? One model, two tasks. Asked for a sum it answers from the totals that it has written;
 * asked for a hint it writes the same totals, and copies the hint whatever they are.
 *
 * <p>Run: {@code ./cotrace examples/E03ThroughAndAround.java}
 */
final class E03ThroughAndAround {
  public static void main(String[] arguments) throws Exception {
    for (String task : List.of("arithmetic-sum", "arithmetic-hint")) {

      // 1. A specification has a key for every flag of `cotrace discover`, and the same defaults.
      DiscoverySpec spec =
          SpecYaml.read(
              null,
              Map.of(
                  "model", "models/arithmetic",
                  "task", "models/tasks/" + task + ".jsonl",
                  "limit", 8,
                  "rollouts", 4,
                  "points", 15));

      // 2. An experiment is a loaded model with the task in its tokens.
      try (Experiment experiment = Experiment.open(spec, DiscoveryListener.SILENT)) {
        Attribution scores =
            new IntegratedGradient(experiment.workload(), RunListener.SILENT).attribute();

        // 3. Every score has two parts. The whole change of J goes by one of two ways.
        System.out.printf("%s: J goes from %s to %s%n", task, scores.corrupted(), scores.clean());
        System.out.printf("  through the words  %s%n", scores.throughCot().sum());
        System.out.printf("  around the words   %s%n", scores.direct().sum());

        // 4. The same edge has both parts: here are those of the strongest.
        for (int cell : scores.total().strongest(scores.graph(), 4)) {
          System.out.printf(
              "  %-18s through %s, around %s%n",
              scores.graph().edge(cell), scores.throughCot().at(cell), scores.direct().at(cell));
        }
      }
    }
  }
}
