package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cotrace.ScoresFile;
import dev.cotrace.SpecYaml;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Method;
import dev.cotrace.report.CircuitJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands as users meet them, on a tiny random model over bare token ids. */
class CommandLineTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));
  private static final Path GOLDENS = ROOT.resolve("goldens").resolve("transformers");
  private static final Path MODELS = ROOT.resolve("models");
  private static final String MODEL = GOLDENS.resolve("llama-gqa-tied").toString();
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private String task = "";
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeTask() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7], "wrong_ids": [8]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9], "wrong_ids": [2]}
            {"clean_ids": [30, 4, 12, 8], "corrupted_ids": [30, 5, 12, 8], "answer_ids": [1], "wrong_ids": [2]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\n");
    task = file.toString();
  }

  @Test
  void discoverLeavesACompleteRunDirectory() throws IOException {
    Path run = discovered("run");
    assertThat(run)
        .isDirectoryContaining("glob:**spec.yaml")
        .isDirectoryContaining("glob:**provenance.json")
        .isDirectoryContaining("glob:**log.txt")
        .isDirectoryContaining("glob:**metrics.json");
    assertThat(out.toString())
        .contains("The 15 strongest edges of 262", "through the words", "±", "a random one")
        .contains("Files: " + run);

    Attribution scores = ScoresFile.read(run.resolve("scores.safetensors"));
    assertThat(CircuitJson.read(run.resolve("circuit.json")).scores())
        .as("circuit.json and scores.safetensors hold the same scores")
        .isEqualTo(scores.total().values());
    assertThat(SpecYaml.read(run.resolve("spec.yaml"), Map.of()).sampling().maxNewTokens())
        .as("setting beside the task")
        .isEqualTo(3);
    assertThat(SpecYaml.read(run.resolve("spec.yaml"), Map.of()))
        .as("found from any directory")
        .satisfies(spec -> assertThat(Path.of(spec.model())).isAbsolute())
        .satisfies(spec -> assertThat(Path.of(spec.task())).isAbsolute());
    assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
  }

  @Test
  void everyFileSaysTheMethodAndNoneClaimsCompletenessOfEapIgInputs() throws IOException {
    Path run = folder.resolve("run");
    assertThat(run(discover(run, "--method", "eap-ig-inputs"))).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("those of eap-ig-inputs need not add up to J(1) − J(0), so no gap is reported");
    Attribution scores = ScoresFile.read(run.resolve("scores.safetensors"));
    assertThat(scores.method()).isEqualTo(Method.EAP_IG_INPUTS);
    assertThat(scores.gap().value()).isNaN();
    assertThat(Arrays.stream(scores.direct().values())).anyMatch(score -> score != 0);
    assertThat(Arrays.stream(scores.throughCot().values())).anyMatch(score -> score != 0);
    JsonNode metrics = JSON.readTree(Files.readString(run.resolve("metrics.json")));
    assertThat(metrics.at("/method").stringValue()).isEqualTo("eap-ig-inputs");
    assertThat(metrics.at("/gap/value").isNull()).isTrue();
    JsonNode circuit = JSON.readTree(Files.readString(run.resolve("circuit.json")));
    assertThat(circuit.at("/cotrace/method").stringValue()).isEqualTo("eap-ig-inputs");
    assertThat(circuit.at("/cotrace/gap/0").isNull()).isTrue();
    JsonNode provenance = JSON.readTree(Files.readString(run.resolve("provenance.json")));
    assertThat(provenance.at("/method").stringValue()).isEqualTo("eap-ig-inputs");
    assertThat(provenance.at("/sign_convention").stringValue())
        .isEqualTo(CircuitJson.SIGN_CONVENTION);
    assertThat(SpecYaml.read(run.resolve("spec.yaml"), Map.of()).attribution().method())
        .isEqualTo(Method.EAP_IG_INPUTS);
  }

  @Test
  void everyRolloutIsListedWithWhatWasFed() throws IOException {
    Path run = discovered("run");
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("rollouts.jsonl"))) {
      lines.add(JSON.readTree(line));
    }
    assertThat(lines.get(1).toString())
        .isEqualTo(
            "{\"kind\":\"pair\",\"pair\":\"2\",\"clean_ids\":[6,4],\"corrupted_ids\":[6,2],"
                + "\"answer_prefix_ids\":[],\"answer_ids\":[9],\"wrong_ids\":[2]}");
    List<JsonNode> rollouts =
        lines.stream().filter(line -> line.get("kind").stringValue().equals("rollout")).toList();
    // 3 pairs × 2 rollouts: J(0), J(1), two points and two circuits.
    assertThat(rollouts).hasSize(3 * 2 * 6);
    assertThat(rollouts)
        .allSatisfy(line -> {
          assertThat(line.get("sampled_ids").size()).isBetween(1, 3);
          assertThat(line.get("value").isNumber()).isTrue();
          assertThat(line.get("answer_log_probability").isNumber()).isTrue();
        });
  }

  @Test
  void theSpecificationOfARunRepeatsItExactly() throws IOException {
    Path first = discovered("first");
    Path again = folder.resolve("again");
    int code =
        run("discover", "--config", first.resolve("spec.yaml").toString(), "--out", again + "");
    assertThat(code).as(err.toString()).isZero();
    assertThat(Files.readAllBytes(again.resolve("scores.safetensors")))
        .isEqualTo(Files.readAllBytes(first.resolve("scores.safetensors")));
    assertThat(again.resolve("rollouts.jsonl"))
        .hasSameTextualContentAs(first.resolve("rollouts.jsonl"));
  }

  @Test
  void jsonIsOneObjectOnStandardOutputAndAllElseElsewhere() {
    Path run = folder.resolve("run");
    assertThat(run(discover(run, "--json"))).as(err.toString()).isZero();
    JsonNode json = JSON.readTree(out.toString());
    assertThat(json.get("run").stringValue()).isEqualTo(run.toString());
    assertThat(json.at("/gap/stderr").isNumber()).isTrue();
    assertThat(json.at("/random_circuit/faithfulness/value").isNumber()).isTrue();
    assertThat(json.at("/top_edges/0/through_cot/stderr").isNumber()).isTrue();
    assertThat(err.toString()).contains("strongest edges", "gradients at 2 gate values: 6 of 6");
  }

  @Test
  void evaluateSamplesFromCircuitsOfEverySizeAsked() throws IOException {
    Path run = discovered("run");
    assertThat(run("evaluate", run.toString(), "--sizes", "50%,100%", "--json"))
        .as(err.toString())
        .isZero();
    JsonNode circuits = JSON.readTree(out.toString()).get("circuits");
    assertThat(circuits).hasSize(3);
    assertThat(circuits.at("/2/circuit/edges").intValue()).isEqualTo(262);
    assertThat(circuits.at("/2/circuit/faithfulness/value").doubleValue())
        .as("all edges are the whole model, up to the order of float32 sums")
        .isCloseTo(1, within(1e-3));
  }

  @Test
  void evaluateTakesACircuitFileAndRefusesOneOfAnotherModel() throws IOException {
    String circuit = discovered("run").resolve("circuit.json").toString();
    String[] settings = {"--task", task, "--rollouts", "2", "--sizes", "100%"};
    assertThat(run(concat(settings, "evaluate", circuit, "--model", MODEL))).isZero();
    assertThat(out.toString()).contains("circuit.json", "100%", "262");
    String other = GOLDENS.resolve("gpt2-hub").toString();
    assertThat(run(concat(settings, "evaluate", circuit, "--model", other))).isEqualTo(2);
    assertThat(err.toString()).contains("is a circuit of a model of 3 layers with 4 heads, but");
  }

  @Test
  void sampleShowsTranscriptsOfAnyGateOrCircuit() throws IOException {
    String circuit = discovered("run").resolve("circuit.json").toString();
    String[] plain = {"sample", "--model", MODEL, "--task", task, "--limit", "2"};
    assertThat(run(plain)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("=== pair 1", "=== pair 2", "tokens, ", "F = ");
    assertThat(out.toString()).doesNotContain("=== pair 3");
    assertThat(run(concat(plain, "--alpha", "0", "--rollouts", "3", "--json"))).isZero();
    assertThat(JSON.readTree(out.toString()).get("transcripts")).hasSize(6);
    assertThat(run(concat(plain, "--circuit", circuit, "--show-tokens"))).isZero();
    assertThat(out.toString()).contains("corrupted  3  9  5");
  }

  @Test
  void theBuiltInModelIsAskedAndAnswersInText() throws IOException {
    String[] asked = {
      "--model", MODELS.resolve("arithmetic").toString(),
      "--task", MODELS.resolve("tasks").resolve("arithmetic-sum.jsonl").toString(),
      "--limit", "2"
    };
    assertThat(run(concat(asked, "sample", "--objective", "exact-match", "--answer-marker", "=")))
        .as(err.toString())
        .isZero();
    assertThat(out.toString())
        .contains("=== pair 1\nS8507h8:\n")
        .containsPattern("stop, F = .*\n.*=");

    Path run = folder.resolve("run");
    String[] settings = {
      "discover", "--out", run.toString(), "--quadrature", "left", "--points", "1"
    };
    assertThat(run(concat(settings, asked))).as(err.toString()).isZero();
    List<String> lines = Files.readAllLines(run.resolve("rollouts.jsonl"));
    assertThat(lines.getFirst())
        .contains("\"clean_tokens\":[\"S\",\"8\",\"5\",\"0\",\"7\",\"h\",\"8\",\":\"]");
    assertThat(lines.getLast()).contains("\"text\":\"", "\"sampled_tokens\":[");
  }

  @Test
  void infoDescribesModelsAndRuns() throws IOException {
    assertThat(run("info", MODEL)).isZero();
    assertThat(out.toString())
        .contains("family           llama", "edges            262", "tokenizer        none");
    assertThat(run("info", MODEL, "--json")).isZero();
    assertThat(JSON.readTree(out.toString()).get("parameters").intValue()).isPositive();
    Path run = discovered("run");
    assertThat(run("info", run.toString())).isZero();
    assertThat(out.toString()).contains("\"completeness\"");
  }

  @Test
  void printSpecIsReadAsAConfiguration() throws IOException {
    assertThat(run(discover(folder.resolve("run"), "--print-spec"))).isZero();
    Path config = Files.writeString(folder.resolve("config.yaml"), out.toString());
    assertThat(SpecYaml.text(SpecYaml.read(config, Map.of()))).isEqualTo(out.toString());
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void showTokensShowsWhatIsFed() {
    assertThat(run(discover(folder.resolve("run"), "--show-tokens"))).isZero();
    assertThat(out.toString())
        .contains("pair 1, 3 tokens\n  clean      3  4  5\n  corrupted  3  9  5\n  answer     7");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "discover",
        "evaluate",
        "verify",
        "prune",
        "select",
        "diff",
        "sample",
        "info",
        "demo",
        "recover"
      })
  void everyCommandExplainsItself(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: cotrace " + command, "--json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --model nowhere                  | nowhere does not exist
          --task nowhere.jsonl             | the task nowhere.jsonl does not exist
          --config nowhere.yaml            | the configuration file nowhere.yaml does not exist
          --objective magic                | --objective: unknown term 'magic'
          --rollouts 1                     | --rollouts must be at least 2, got 1
          --rollouts many                  | Invalid value for option '--rollouts': expected a whole number, got 'many'
          --batch-rows 3.5                 | Invalid value for option '--batch-rows': expected a whole number, got '3.5'
          --temperature warm               | Invalid value for option '--temperature': expected a number, got 'warm'
          --memory 999999999999T           | expected a size such as 8G, 500M or 1.5GiB, from 1 byte to 9 million TB
          --rolouts 3                      | Unknown options: '--rolouts', '3'
          --method acdc                    | method: expected one of ig-gates, eap-ig-inputs, eap-ig-activations, clean-corrupted, eap, exact, random, got 'acdc'
          --method eap --quadrature left   | --method eap takes the gradient at the clean end and nowhere else
          --method clean-corrupted --points 5 | --method clean-corrupted takes gradients at both ends and nowhere else
          --method exact --bins step       | --bins divides gradients by position, and --method exact takes none
          --method random --reference eap  | --reference stands beside gradients, and --method random takes none
          --quadrature simpson             | quadrature: expected one of adaptive, gauss-legendre
          --quadrature trapezoid --points 1 | --quadrature trapezoid needs --points of at least 2, got 1
          --dtype float8                   | dtype: expected one of float64, float32, bfloat16
          --device abacus                  | expected --device to be cpu, cuda or cuda:N, got 'abacus'
          --temperature 0                  | temperature must be a positive number, got 0.0
          --max-new-tokens 64              | answer prefix and answer need 67 positions, but the model has 64
          --max-new-tokens -1              | max-new-tokens must not be negative, got -1
          --stop x                         | this is text, but the model has no tokenizer
          --stop-ids x                     | --stop-ids takes token ids such as 3,17, got 'x'
          --stop-ids 40                    | stop-ids: token id 40 is not one of the model's 40
          --estimator enumerate --max-new-tokens 9 | would list
          --select best                    | select: expected top, greedy, threshold=SCORE such as
          --select threshold=0             | select: a threshold of scores must be a number above 0, got 0.0
          --select threshold=1.2.3         | select: expected a number, got '1.2.3'
          --select significant=2           | select: a level of significance must be above 0 and at most 1
          --top 0                          | top: a circuit needs at least one edge
          --batch-rows 0                   | --batch-rows must be at least 1, got 0
          """)
  void badInputGivesOneSentenceExitCodeTwoAndNoFiles(String options, String said) {
    Path run = folder.resolve("run");
    assertThat(run(discover(run, options.split(" ")))).as(err.toString()).isEqualTo(2);
    assertThat(err.toString())
        .contains("cotrace: ")
        .contains(said)
        .doesNotContain("\tat ", "frame #");
    assertThat(out.toString()).isEmpty();
    assertThat(run).doesNotExist();
    assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
  }

  @Test
  void promptsOfUnequalLengthAreShown() throws IOException {
    Files.writeString(Path.of(task), "{\"clean_ids\": [1, 2, 3], \"corrupted_ids\": [1, 3]}\n");
    assertThat(run(discover(folder.resolve("run")))).isEqualTo(2);
    assertThat(err.toString())
        .contains("line 1: the prompts of a pair must have equally many tokens, got 3 clean and 2")
        .contains("clean      1  2  3")
        .contains("corrupted  1  –  3");
  }

  @Test
  void anAnswerOfSeveralTokensIsRefusedWhereOneIsNeeded() throws IOException {
    Files.writeString(
        Path.of(task),
        "{\"clean_ids\": [1], \"corrupted_ids\": [2], \"answer_ids\": [3, 4], \"wrong_ids\": [5]}\n");
    assertThat(run(discover(folder.resolve("run"), "--objective", "logit-diff"))).isEqualTo(2);
    assertThat(err.toString()).contains("logit-diff needs the answer to be one token, got 2");
  }

  @Test
  void anExistingOutputDirectoryIsRefusedBeforeAnythingIsLoaded() throws IOException {
    Path run = Files.createDirectory(folder.resolve("run"));
    assertThat(run(discover(run, "--model", "nowhere"))).isEqualTo(2);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "cotrace: the output directory %s already exists; give another --out or remove it"
                .formatted(run));
    assertThat(run).isEmptyDirectory();
  }

  @Test
  void aTruncatedModelIsRefusedWithItsFile() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    Path source = Path.of(MODEL);
    Files.copy(source.resolve("config.json"), model.resolve("config.json"));
    byte[] weights = Files.readAllBytes(source.resolve("model.safetensors"));
    Files.write(model.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length / 2));
    assertThat(run(discover(folder.resolve("run"), "--model", model.toString()))).isEqualTo(2);
    assertThat(err.toString()).contains("model.safetensors, byte ").doesNotContain("\tat ");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void anInterruptedRunEndsWithTheCodeOfSigint() {
    Interruption interruption = new Interruption();
    interruption.request();
    assertThat(run(interruption, discover(folder.resolve("run")))).isEqualTo(130);
    assertThat(interruption.report()).isEqualTo("cotrace: stopped; nothing was written");
    assertThat(folder).isDirectoryNotContaining("glob:**run*");
  }

  @Test
  void compareSaysWhereTwoModelsPart() throws IOException {
    Path run = discovered("run");
    assertThat(run("compare", "full", run.toString(), "--rollouts", "4", "--json"))
        .as(err.toString())
        .isZero();
    JsonNode json = JSON.readTree(out.toString());
    assertThat(json.get("rollouts").size()).as("three pairs").isEqualTo(3 * 4);
    assertThat(json.get("difference").get("stderr").isNumber()).isTrue();
    assertThat(err.toString()).contains("rollouts never part", "J(second) − J(first) =");
    String edge = "input->logits";
    assertThat(run("compare", "--config", run.resolve("spec.yaml") + "", "--without", edge))
        .as(err.toString())
        .isZero();
    assertThat(out.toString()).contains("second: full without " + edge);
    assertThat(run("compare", "--config", run.resolve("spec.yaml") + "")).isEqualTo(2);
    assertThat(err.toString()).contains("expected two to compare");
  }

  @Test
  void noCommandIsAMistake() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString()).contains("a command is missing");
  }

  private Path discovered(String name) {
    Path run = folder.resolve(name);
    assertThat(run(discover(run))).as(err.toString()).isZero();
    return run;
  }

  private String[] discover(Path run, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("discover", "--model", MODEL, "--task", task, "--out", run.toString()));
    arguments.addAll(List.of("--rollouts", "2", "--quadrature", "midpoint", "--points", "2"));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  private static String[] concat(String[] some, String... more) {
    List<String> all = new ArrayList<>();
    boolean commandFirst = List.of("evaluate", "sample").contains(more[0]);
    all.addAll(List.of(commandFirst ? more : some));
    all.addAll(List.of(commandFirst ? some : more));
    return all.toArray(String[]::new);
  }

  private int run(String... arguments) {
    return run(new Interruption(), arguments);
  }

  private int run(Interruption interruption, String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.commandLine(interruption)
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
