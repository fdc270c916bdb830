import dev.cotrace.DiscoveryListener;
import dev.cotrace.Experiment;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit.Ranking;
import java.io.IOException;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How many rollouts, and how many prompts? Errors are over prompts: rollouts make each prompt's part more certain, more
 * prompts make the mean over prompts more certain. The same tokens buy either.
 *
 * <p>Run: {@code ./cotrace examples/E04ErrorBars.java}
 */
final class E04ErrorBars {
  public static void main(String[] arguments) throws Exception {
    System.out.println("prompts rollouts   tokens  largest error  stability of the top 20  edges with q < 0.05");
    attribute(4, 2, "");
    attribute(4, 8, "");
    attribute(16, 2, "");

    // Or say what is wanted, and what it may cost, and have rounds added until either is reached.
    attribute(8, 2, "stability=0.8@20,tokens=10000");
  }

  private static void attribute(int prompts, int rollouts, String until) throws IOException {
    Map<String, Object> settings =
        Map.of(
            "model", "models/arithmetic",
            "task", "models/tasks/arithmetic-sum.jsonl",
            "objective", "kl",
            "limit", prompts,
            "rollouts", rollouts,
            "points", 15,
            "until", until);
    try (Experiment experiment = Experiment.open(SpecYaml.read(null, settings), DiscoveryListener.SILENT)) {
      RunListener lines =
          new RunListener() {
            @Override
            public void say(String line) {
              System.out.println(line);
            }
          };
      Attribution scores = new IntegratedGradient(experiment.workload(), lines).attribute();
      double[] errors = scores.total().standardErrors();
      System.out.printf(
          "%7d %8d %8d %14.4f %24.2f %20d%n",
          prompts,
          rollouts,
          scores.sampledTokens(),
          IntStream.of(scores.graph().edgeCells()).mapToDouble(cell -> errors[cell]).max().orElseThrow(),
          scores.stability(20, Ranking.ABSOLUTE, 0).jaccard(),
          scores.significance().edgesBelow(0.05));
    }
  }
}
