package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Circuits judged by sampling from them, and scores by switching edges, as users meet them. */
class JudgeCommandsTest {
  private static final String MODEL =
      Path.of(System.getProperty("cotrace.root", ".."))
          .resolve("goldens/transformers/llama-gqa-tied")
          .toString();
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private final Cotrace cotrace = new Cotrace();
  private String run = "";

  @BeforeEach
  void discover() throws IOException {
    Path task = folder.resolve("task.jsonl");
    Files.writeString(
        task,
        """
        {"clean_ids": [5, 4], "corrupted_ids": [5, 9], "answer_ids": [2], "wrong_ids": [9]}
        {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9], "wrong_ids": [2]}
        {"clean_ids": [7, 4], "corrupted_ids": [7, 1], "answer_ids": [4], "wrong_ids": [1]}
        """);
    run = folder.resolve("run").toString();
    assertThat(
            cotrace.run(
                "discover",
                "--model",
                MODEL,
                "--task",
                task.toString(),
                "--max-new-tokens",
                "3",
                "--rollouts",
                "4",
                "--repeats",
                "2",
                "--points",
                "2",
                "--quadrature",
                "gauss-legendre",
                "--objective",
                "answer-logprob",
                "--out",
                run))
        .as(cotrace.err())
        .isZero();
  }

  @Test
  void anEvaluationIsShownAndKept() throws IOException {
    assertThat(cotrace.run("evaluate", run)).as(cotrace.err()).isZero();
    assertThat(cotrace.out())
        .contains(
            "teacher-forced",
            "KL per token",
            "accuracy",
            "0.1%",
            "100%",
            "CPR = ∫ f",
            "by magnitude",
            "Completeness",
            "Minimality: 10 edges taken out",
            "One rollout of each")
        .contains("Files: " + Path.of(run, "evaluation"));
    JsonNode json = json("evaluation/evaluation.json");
    assertThat(json.get("circuits")).hasSize(11);
    JsonNode whole = json.at("/circuits/10");
    assertThat(whole.at("/circuit/faithfulness/value").doubleValue()).isOne();
    assertThat(whole.at("/random_circuit/faithfulness/value").doubleValue()).isOne();
    JsonNode fifth = json.at("/circuits/8");
    assertThat(fifth.get("name").stringValue()).isEqualTo("20%");
    assertThat(fifth.at("/magnitude_circuit/edges").intValue())
        .as("the size of the circuit beside it, before edges that no path reaches are taken out")
        .isPositive();
    assertThat(whole.at("/kl_per_step/value").doubleValue()).isCloseTo(0, within(1e-6));
    assertThat(whole.at("/accuracy/stderr").isNumber()).isTrue();
    assertThat(whole.at("/examples")).hasSize(3);
    assertThat(json.at("/areas/cpr/stderr").isNumber()).isTrue();
    assertThat(json.at("/magnitude_areas/cmd/value").isNumber()).isTrue();
    assertThat(json.get("knockouts")).hasSize(3);
    assertThat(json.get("removals")).hasSize(10);
    assertThat(json.at("/removals/0/edge").stringValue()).contains("->");

    List<String> csv = Files.readAllLines(Path.of(run, "evaluation/curve.csv"));
    int columns = csv.getFirst().split(",", -1).length;
    assertThat(csv).hasSize(1 + 3 * 11).allMatch(line -> line.split(",", -1).length == columns);
    assertThat(csv).anyMatch(line -> line.startsWith("magnitude,20%,"));
    assertThat(Path.of(run, "evaluation"))
        .isDirectoryContaining("glob:**rollouts.jsonl")
        .isDirectoryContaining("glob:**provenance.json")
        .isDirectoryContaining("glob:**spec.yaml");

    assertThat(cotrace.run("evaluate", run, "--sizes", "5%", "--knockouts", "0", "--removals", "0"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out())
        .contains("Files: " + Path.of(run, "evaluation-2"))
        .doesNotContain("CPR", "Completeness", "Minimality");
  }

  @Test
  void whatIsNotThereIsNotShown() throws IOException {
    assertThat(cotrace.run("evaluate", run, "--sizes", "5%,50%", "--max-new-tokens", "0"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out()).doesNotContain("teacher-forced", "One rollout");
    assertThat(json("evaluation/evaluation.json").at("/circuits/0/kl_per_step/value").isNumber())
        .as("where the answer begins")
        .isTrue();
  }

  @Test
  void scoresThatAreNoNumbersAreRefusedWhereEdgesAreRanked() throws IOException {
    Path file = folder.resolve("broken.json");
    Files.writeString(
        file,
        Files.readString(Path.of(run, "circuit.json"))
            .replaceFirst("\"score\" ?: ?[-0-9.eE]+", "\"score\":NaN"));
    for (String command : List.of("evaluate", "verify")) {
      assertThat(cotrace.run(command, file.toString(), "--config", run + "/spec.yaml"))
          .isEqualTo(2);
      assertThat(cotrace.err())
          .contains("expected every edge of " + file + " to have a finite score, but 1 have none")
          .doesNotContain("\tat ");
    }
  }

  @Test
  void jsonThatEndsTooEarlyIsRefusedInPlainWords() throws IOException {
    Path metrics = Path.of(run, "metrics.json");
    Files.writeString(metrics, Files.readString(metrics).substring(0, 200));
    assertThat(cotrace.run("diff", run, run)).isEqualTo(2);
    assertThat(cotrace.err()).contains(metrics + ", line").doesNotContain("Source", "REDACTED");
  }

  @Test
  void scoresAreComparedWithWhatSwitchingDoes() throws IOException {
    assertThat(cotrace.run("verify", run, "--top", "6", "--others", "3", "--groups", "2"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out())
        .contains("The strongest edges", "Other edges", "the top 2", "the top 6", "all 262 edges")
        .contains("rank correlation", "Files: " + Path.of(run, "verification"));
    JsonNode json = json("verification/verification.json");
    List<String> kinds = new ArrayList<>();
    json.get("interventions").forEach(row -> kinds.add(row.get("kind").stringValue()));
    assertThat(kinds)
        .containsExactly(
            "top",
            "top",
            "top",
            "top",
            "top",
            "top",
            "other",
            "other",
            "other",
            "top-group",
            "top-group",
            "top-group",
            "drawn-group",
            "drawn-group",
            "all");
    assertThat(json.at("/edges/count").intValue()).isEqualTo(9);
    assertThat(json.at("/edges/spearman/stderr").isNumber()).isTrue();
    JsonNode all = json.at("/interventions/14");
    JsonNode metrics = json("metrics.json");
    assertThat(all.at("/effect/value").doubleValue())
        .as("J(1) − J(0)")
        .isCloseTo(
            metrics.at("/J1/value").doubleValue() - metrics.at("/J0/value").doubleValue(),
            within(1e-5));
    double direct = metrics.at("/direct_sum/stderr").doubleValue();
    double through = metrics.at("/through_cot_sum/stderr").doubleValue();
    assertThat(all.at("/score/stderr").doubleValue())
        .as("the error of the sum, by the run's clusters")
        .isBetween(Math.abs(direct - through) - 1e-5, direct + through + 1e-5);
    List<String> csv = Files.readAllLines(Path.of(run, "verification/calibration.csv"));
    int columns = csv.getFirst().split(",", -1).length;
    assertThat(csv).hasSize(16).allMatch(line -> line.split(",", -1).length == columns);
  }

  @Test
  void aCircuitFileHasScoresWithoutErrors() throws IOException {
    String circuit = Path.of(run, "circuit.json").toString();
    String config = Path.of(run, "spec.yaml").toString();
    assertThat(cotrace.run("verify", circuit, "--config", config, "--top", "2", "--others", "0"))
        .as(cotrace.err())
        .isZero();
    Path directory = Path.of(run, "circuit-verification");
    assertThat(cotrace.out()).contains("± ?", "Files: " + directory);
    JsonNode json = JSON.readTree(Files.readString(directory.resolve("verification.json")));
    assertThat(json.at("/edges/within_errors/value").isNull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "'evaluate,--knockouts,-1', --knockouts must not be negative",
    "'evaluate,--removals,-1', --removals must not be negative",
    "'evaluate,--sizes,200%', a circuit needs at least one edge",
    "'verify,--top,0', --top must be at least 1",
    "'verify,--others,-1', --others must not be negative",
    "'verify,--groups,-2', --groups must not be negative",
  })
  void whatMeansNothingIsRefused(String arguments, String sentence) {
    List<String> all = new ArrayList<>(Arrays.asList(arguments.split(",")));
    all.add(1, run);
    assertThat(cotrace.run(all.toArray(String[]::new))).isEqualTo(2);
    assertThat(cotrace.err()).contains(sentence);
  }

  @ParameterizedTest
  @CsvSource({"evaluate", "verify"})
  void aPlanSamplesNothing(String command) {
    assertThat(cotrace.run(command, run, "--dry-run")).as(cotrace.err()).isZero();
    assertThat(cotrace.out()).contains("sampled tokens", "peak memory");
    assertThat(Path.of(run)).isDirectoryNotContaining("glob:**{evaluation,verification}*");
  }

  private JsonNode json(String name) throws IOException {
    return JSON.readTree(Files.readString(Path.of(run, name)));
  }
}
