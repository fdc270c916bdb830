import dev.cotrace.DiscoveryListener;
import dev.cotrace.Experiment;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.truth.RecoveryReport;
import dev.cotrace.truth.RecoveryRun;
import dev.cotrace.truth.RecoverySettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Does a method find what is there? Models whose circuits are known, because a program was compiled into their weights, and
 * a model and a task of your own: any directory as Hugging Face saves it, any file of prompt pairs.
 *
 * <p>Run: {@code ./cotrace examples/E08GroundTruth.java}
 */
final class E08GroundTruth {
  public static void main(String[] arguments) throws Exception {
    Path known = Files.createTempDirectory("cotrace").resolve("known");

    // 1. How well three methods tell the true edges of one model from all others; errors are over runs.
    RecoverySettings settings =
        new RecoverySettings(List.of("relay"), List.of("ig-gates", "eap", "random"), 8, 4, 2, 1, known);
    for (RecoveryReport.Row row : RecoveryRun.run(settings, DiscoveryListener.SILENT).tasks().getFirst().rows()) {
      System.out.printf("%-10s AUROC %s%n", row.method(), row.auroc());
    }

    // 2. What it left is an ordinary model with an ordinary task. Put yours here.
    Map<String, Object> own =
        Map.of(
            "model", known.resolve("relay/model").toString(),
            "task", known.resolve("relay/task-1.jsonl").toString(),
            "rollouts", 4,
            "points", 15);
    JsonNode truth = new JsonMapper().readTree(Files.readString(known.resolve("relay/truth.json"))).get("edges");
    try (Experiment experiment = Experiment.open(SpecYaml.read(null, own), DiscoveryListener.SILENT)) {
      System.out.println(experiment.shown().getFirst());
      Attribution scores = new IntegratedGradient(experiment.workload(), RunListener.SILENT).attribute();
      for (int cell : scores.total().strongest(scores.graph(), 8)) {
        String edge = scores.graph().edge(cell).toString();
        System.out.printf(
            "  %-18s %-18s truth: %s%n", edge, scores.total().at(cell), truth.path(edge).asString("does nothing"));
      }
    }
  }
}
