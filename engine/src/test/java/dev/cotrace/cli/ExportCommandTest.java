package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.report.CircuitFile;
import dev.cotrace.report.ScoredCircuit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Exports of a run of the built-in model, as users ask for them. */
class ExportCommandTest {
  private static final Path MODELS =
      Path.of(System.getProperty("cotrace.root", "..")).resolve("models");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private Path run = Path.of("");
  private final Cotrace cotrace = new Cotrace();

  @BeforeEach
  void discover() {
    run = folder.resolve("a run");
    assertThat(
            cotrace.run(
                "discover",
                "--model",
                MODELS.resolve("arithmetic").toString(),
                "--task",
                MODELS.resolve("tasks/arithmetic-sum.jsonl").toString(),
                "--limit",
                "3",
                "--rollouts",
                "2",
                "--quadrature",
                "midpoint",
                "--points",
                "1",
                "--bins",
                "step",
                "--out",
                run.toString()))
        .as(cotrace.err())
        .isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "eap-ig, a run.eap-ig.json",
    "pt, a run.pt",
    "csv, a run.csv",
    "dot, a run.dot",
    "graphml, a run.graphml",
    "neuronpedia, a run.neuronpedia.json"
  })
  void aRunIsExportedBesideItOnceUnlessForced(String format, String name) throws IOException {
    assertThat(export("--format", format)).as(cotrace.err()).isZero();
    assertThat(cotrace.out()).contains(folder.resolve(name) + ": ", "edges are in the circuit");
    byte[] first = Files.readAllBytes(folder.resolve(name));

    assertThat(export("--format", format)).isEqualTo(2);
    assertThat(cotrace.err()).contains(name + " already exists: give another --out, or --force");
    assertThat(export("--format", format, "--force")).isZero();
    assertThat(Files.readAllBytes(folder.resolve(name))).as("the same again").isEqualTo(first);
    assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
  }

  @Test
  void circuitsThatWereExportedAreEvaluatedAndComparedAsTheRunIs() {
    assertThat(export("--format", "pt", "--out", folder.resolve("c.pt").toString())).isZero();
    assertThat(export("--format", "eap-ig", "--out", folder.resolve("c.json").toString())).isZero();
    List<JsonNode> circuits = new ArrayList<>();
    for (String circuit : List.of("a run", "c.pt", "c.json")) {
      assertThat(
              cotrace.run(
                  "evaluate",
                  folder.resolve(circuit).toString(),
                  "--config",
                  run.resolve("spec.yaml").toString(),
                  "--sizes",
                  "5%",
                  "--json"))
          .as(cotrace.err())
          .isZero();
      JsonNode circuitsOf = JSON.readTree(cotrace.out()).path("circuits");
      circuits.add(circuitsOf.get(0).path("circuit"));
      assertThat(circuitsOf.get(0).path("name").asString())
          .isEqualTo(circuit.equals("a run") ? "circuit.json" : circuit);
      circuits.add(circuitsOf.get(1).path("circuit"));
    }
    assertThat(circuits.subList(2, 4)).isEqualTo(circuits.subList(0, 2));
    assertThat(circuits.subList(4, 6)).isEqualTo(circuits.subList(0, 2));
    assertThat(
            cotrace.run(
                "compare",
                run.toString(),
                folder.resolve("c.pt").toString(),
                "--rollouts",
                "1",
                "--limit",
                "1"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out()).contains("100 % of 1 rollouts never part");
  }

  @Test
  void aCircuitIsTheSameThroughEveryFormatThatIsRead() throws IOException {
    ScoredCircuit original = CircuitFile.read(run.resolve("circuit.json"));
    assertThat(export("--format", "pt")).isZero();
    assertThat(cotrace.run("export", folder.resolve("a run.pt").toString(), "--format", "eap-ig"))
        .as(cotrace.err())
        .isZero();
    ScoredCircuit read = CircuitFile.read(folder.resolve("a run.eap-ig.json"));
    assertThat(read.scores()).isEqualTo(original.scores());
    assertThat(read.circuit().members()).isEqualTo(original.circuit().members());
    assertThat(read.width()).isEqualTo(original.width());
  }

  @Test
  void theJsonOfARunSaysOfItWhatItsOwnSays() throws IOException {
    assertThat(export("--format", "eap-ig")).as(cotrace.err()).isZero();
    JsonNode exported = JSON.readTree(Files.readString(folder.resolve("a run.eap-ig.json")));
    JsonNode own = JSON.readTree(Files.readString(run.resolve("circuit.json")));
    assertThat(exported.path("cotrace")).isEqualTo(own.path("cotrace"));
    assertThat(exported.path("nodes")).isEqualTo(own.path("nodes"));
    assertThat(exported.at("/edges/input->m0").propertyNames())
        .isEqualTo(own.at("/edges/input->m0").propertyNames());
  }

  @Test
  void aSubmissionIsAFolderOfCells() {
    Path submission = folder.resolve("submission");
    String[] asked = {
      "--format", "mib", "--cell", "ioi_interpbench", "--out", submission.toString()
    };
    assertThat(export(asked)).as(cotrace.err()).isZero();
    assertThat(submission.resolve("ioi_interpbench").toFile().list())
        .containsExactly("importances.json");
    assertThat(export(asked)).isEqualTo(2);
    assertThat(cotrace.err()).contains("ioi_interpbench already exists");
    assertThat(
            cotrace.run(
                "export",
                run.toString(),
                "--format",
                "mib",
                "--cell",
                "ioi_gpt2",
                "--circuits",
                "--files",
                "pt",
                "--out",
                submission.toString()))
        .isEqualTo(2);
    assertThat(cotrace.err()).contains("the cell ioi_gpt2 is of a model of 12 layers");
    assertThat(submission.toFile().list())
        .as("nothing is left of what was refused")
        .containsExactly("ioi_interpbench");
  }

  @Test
  void theColumnsOfAGraphAreTheBinsWithWhatTheCleanModelGivesItsTokens() throws IOException {
    assertThat(export("--format", "neuronpedia", "--scan", "gpt2-small", "--slug", "mine"))
        .as(cotrace.err())
        .isZero();
    JsonNode graph = JSON.readTree(Files.readString(folder.resolve("a run.neuronpedia.json")));
    assertThat(graph.at("/metadata/scan").asString()).isEqualTo("gpt2-small");
    assertThat(graph.at("/metadata/slug").asString()).isEqualTo("mine");
    List<String> columns =
        graph.at("/metadata/prompt_tokens").valueStream().map(JsonNode::asString).toList();
    assertThat(columns).hasSize(18).last().isEqualTo("after");
    assertThat(columns.getFirst()).startsWith("prompt: S").endsWith(":");
    assertThat(columns.get(1)).matches("step 0: .");
    Map<String, Double> expected = expectedProbabilities();
    int logits = 0;
    for (JsonNode node : graph.path("nodes")) {
      if (node.path("feature_type").asString().equals("logit")) {
        String column = columns.get(node.path("ctx_idx").asInt()).replaceFirst(":.*", "");
        assertThat(node.path("token_prob").asDouble())
            .as(column)
            .isCloseTo(expected.get(column), offset(1e-5));
        logits++;
      }
    }
    assertThat(logits).isPositive();
  }

  /** Token by token: the first is predicted at the prompt, each other one at the step before. */
  private Map<String, Double> expectedProbabilities() throws IOException {
    Map<String, List<Double>> found = new HashMap<>();
    for (String line : Files.readAllLines(run.resolve("rollouts.jsonl"))) {
      JsonNode rollout = JSON.readTree(line);
      if (rollout.path("purpose").asString("").equals("J(0) and J(1)")
          && rollout.path("alpha").asDouble() == 1) {
        String column = "prompt";
        int step = 0;
        for (JsonNode each : rollout.path("log_probabilities")) {
          found.computeIfAbsent(column, _ -> new ArrayList<>()).add(each.asDouble());
          column = "step " + step++;
        }
        found
            .computeIfAbsent(column, _ -> new ArrayList<>())
            .add(rollout.path("answer_log_probability").asDouble());
      }
    }
    Map<String, Double> means = new HashMap<>();
    found.forEach((column, logs) ->
        means.put(
            column,
            Math.exp(logs.stream().mapToDouble(Double::doubleValue).average().orElseThrow())));
    return means;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --format pdf                                 | --format must be eap-ig, pt, mib, neuronpedia, dot, csv, graphml or tensorboard, got 'pdf'
          --format mib                                 | --format mib needs --cell TASK_MODEL
          --format mib --cell nothing                  | the benchmark has no cell 'nothing'
          --format csv --cell ioi_gpt2                 | --cell is for --format mib only
          --format pt --edges all                      | --edges is for --format dot and csv and graphml only
          --format neuronpedia --max-links 0           | --max-links must be from 1 to 200000, got 0
          --format neuronpedia --slug a/b              | --slug may have letters, digits
          --format csv --edges some                    | --edges
          """)
  void whatCannotBeExportedIsRefusedInASentence(String arguments, String said) {
    assertThat(export(arguments.split(" "))).isEqualTo(2);
    assertThat(cotrace.err()).contains(said).doesNotContain("Exception");
    assertThat(folder.toFile().list()).containsExactly("a run");
  }

  @Test
  void damagedOrMissingFilesAreRefusedInASentence() throws IOException {
    Path file = Files.write(folder.resolve("bad.pt"), new byte[] {'P', 'K', 3, 4});
    assertThat(cotrace.run("export", file.toString(), "--format", "csv")).isEqualTo(2);
    assertThat(cotrace.err()).contains("bad.pt, byte 0: expected a zip archive");
    assertThat(cotrace.run("export", folder + "/nothing", "--format", "csv")).isEqualTo(2);
    assertThat(cotrace.err()).contains("is neither a run directory nor a circuit");
  }

  private int export(String... arguments) {
    List<String> all = new ArrayList<>(List.of("export", run.toString()));
    all.addAll(List.of(arguments));
    return cotrace.run(all.toArray(String[]::new));
  }
}
