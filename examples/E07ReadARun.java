import dev.cotrace.Discovery;
import dev.cotrace.DiscoveryListener;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.ScoresFile;
import dev.cotrace.SpecYaml;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Significance;
import dev.cotrace.report.CircuitFile;
import dev.cotrace.task.TokenText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * From a run directory, without a model: an edge by its name, how sure its score is, and the transcripts behind it. Give
 * the directory of a run of your own, or nothing for a small new one.
 *
 * <p>Run: {@code ./cotrace examples/E07ReadARun.java [RUN]}
 */
final class E07ReadARun {
  public static void main(String[] arguments) throws Exception {
    Path run = arguments.length > 0 ? Path.of(arguments[0]) : smallRun();

    // 1. Scores of all edges, and which of them are in the circuit.
    Attribution scores = ScoresFile.read(run.resolve("scores.safetensors"));
    Circuit circuit = CircuitFile.read(run.resolve("circuit.json")).circuit();

    // 2. One edge, by the name that every file and table uses.
    int cell = scores.graph().cell("a0.h3->m0");
    Significance sure = scores.significance();
    System.out.printf("%s: %s%n", scores.graph().edge(cell), scores.total().at(cell));
    System.out.printf(
        "  95 %% interval %.4f to %.4f, q = %.3g, %s the circuit%n",
        sure.low()[cell], sure.high()[cell], sure.q()[cell], circuit.contains(cell) ? "in" : "not in");

    // 3. A line for each pair, then for each rollout. Those whose gradient was taken have an advantage at every token: how
    //    much more the rollout was worth from there on than others of the same prompt at the same gate.
    JsonMapper json = new JsonMapper();
    JsonNode telling =
        Files.readAllLines(run.resolve("rollouts.jsonl")).stream()
            .map(json::readTree)
            .filter(line -> line.has("advantage"))
            .max(Comparator.comparingDouble(E07ReadARun::largest))
            .orElseThrow();
    // Texts of models are shown in quotes, because they may hold what moves a terminal's cursor.
    System.out.printf(
        "pair %s, gates %s, F = %s%n",
        TokenText.quoted(telling.get("pair").asString()), telling.get("alpha"), telling.get("value"));
    for (int step = 0; step < telling.get("advantage").size(); step++) {
      String token = telling.get("sampled_tokens").get(step).asString();
      System.out.printf("  %s %s%n", TokenText.quoted(token), telling.get("advantage").get(step));
    }
  }

  private static double largest(JsonNode rollout) {
    return rollout.get("advantage").valueStream().mapToDouble(a -> Math.abs(a.doubleValue())).max().orElse(0);
  }

  private static Path smallRun() throws Exception {
    Path out = Files.createTempDirectory("cotrace").resolve("run");
    DiscoverySpec spec =
        SpecYaml.read(
            null,
            Map.of(
                "model", "models/arithmetic",
                "task", "models/tasks/arithmetic-sum.jsonl",
                "out", out.toString(),
                "limit", 16,
                "rollouts", 4,
                "points", 15));
    return Discovery.run(spec, DiscoveryListener.SILENT).run();
  }
}
