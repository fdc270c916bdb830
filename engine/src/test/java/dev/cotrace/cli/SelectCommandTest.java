package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.report.CircuitJson;
import dev.cotrace.report.ScoredCircuit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Circuits chosen by every rule, by a run and from one, as users of the command line meet them. */
class SelectCommandTest {
  private static final String MODEL =
      Path.of(System.getProperty("cotrace.root", ".."))
          .resolve("goldens/transformers/llama-gqa-tied")
          .toString();
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private final Cotrace cotrace = Cotrace.overwriting();
  private Path run = Path.of("");

  @BeforeEach
  void name() {
    run = folder.resolve("run");
  }

  @ParameterizedTest
  @CsvSource({
    "top, top 30 by signed score",
    "greedy, greedy 30 by signed score",
    "threshold=1e-3, signed score at least 0.001",
    "significant=1, q-value below 1.0"
  })
  void theRunSaysHowItsCircuitWasChosenAndIsChosenAgainTheSame(String rule, String words)
      throws IOException {
    discover("--select", rule, "--top", "30", "--ranking", "signed");
    assertThat(cotrace.out()).contains("Faithfulness of the circuit (" + words + "): ");
    assertThat(json("metrics.json").at("/circuit/selection").stringValue()).isEqualTo(words);
    assertThat(json("circuit.json").at("/cotrace/selection").stringValue()).isEqualTo(words);

    Path again = folder.resolve("again.json");
    assertThat(cotrace.run("select", run + "", "--out", again + "", "--json"))
        .as(cotrace.err() + "")
        .isZero();
    ScoredCircuit scored = CircuitJson.read(run.resolve("circuit.json"));
    Circuit own = scored.circuit();
    JsonNode said = JSON.readTree(cotrace.out());
    assertThat(said.get("selection").stringValue()).isEqualTo(words);
    assertThat(said.get("edges").intValue()).isEqualTo(own.size()).isPositive();
    assertThat(said.get("jaccard").doubleValue()).isEqualTo(1);
    assertThat(CircuitJson.read(again)).usingRecursiveComparison().isEqualTo(scored);
  }

  @Test
  void anotherRuleIsComparedWithTheRunsOwnCircuit() throws IOException {
    discover("--top", "40");
    Path other = folder.resolve("other.json");
    assertThat(
            cotrace.run(
                "select", run + "", "--select", "greedy", "--top", "10", "--out", other + ""))
        .as(cotrace.err() + "")
        .isZero();
    Circuit chosen = CircuitJson.read(other).circuit();
    Circuit own = CircuitJson.read(run.resolve("circuit.json")).circuit();
    assertThat(chosen.size()).isBetween(1, 10);
    assertThat(cotrace.out())
        .contains(
            "greedy 10 by absolute score: %d connected edges of 262, %d of them among the %d of the run's own"
                .formatted(chosen.size(), chosen.shared(own), own.size()));
    assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
    assertThat(cotrace.run("select", run + "", "--select", "threshold=1e9")).isZero();
    assertThat(cotrace.out()).contains(": 0 connected edges of 262", "The circuit is empty");
  }

  @Test
  void evaluateTakesSizesAsTheRunChoseOrAsItIsTold() throws IOException {
    discover("--select", "greedy");
    String[] evaluate = {"evaluate", run + "", "--sizes", "12", "--json"};
    assertThat(cotrace.run(evaluate)).as(cotrace.err() + "").isZero();
    assertThat(JSON.readTree(cotrace.out()).at("/circuits/1/selection").stringValue())
        .isEqualTo("greedy 12 by absolute score");
    List<String> told = new ArrayList<>(List.of(evaluate));
    told.addAll(List.of("--select", "top", "--ranking", "signed"));
    assertThat(cotrace.run(told.toArray(String[]::new))).as(cotrace.err() + "").isZero();
    assertThat(JSON.readTree(cotrace.out()).at("/circuits/1/selection").stringValue())
        .isEqualTo("top 12 by signed score");
  }

  @Test
  void anEmptyCircuitIsNoFailureButIsSaid() throws IOException {
    discover("--select", "threshold=1e9");
    assertThat(cotrace.err()).contains("warning: the circuit is empty");
    assertThat(json("metrics.json").at("/circuit/edges").intValue()).isZero();
    assertThat(json("metrics.json").at("/circuit/faithfulness/value").doubleValue()).isZero();
  }

  @Test
  void whatIsThereIsNotOverwrittenAndNoRunIsNoBug() throws IOException {
    discover();
    byte[] before = Files.readAllBytes(run.resolve("circuit.json"));
    Path own = run.resolve("circuit.json");
    assertThat(cotrace.run("select", run + "", "--out", own + "")).isEqualTo(2);
    assertThat(cotrace.err()).contains("circuit.json already exists; give another --out");
    assertThat(own).hasBinaryContent(before);
    assertThat(cotrace.run("select", folder + "")).isEqualTo(2);
    assertThat(cotrace.err())
        .contains("is not the directory of a complete run: there is no scores.safetensors in it");
    Files.write(run.resolve("scores.safetensors"), new byte[20]);
    assertThat(cotrace.run("select", run + "")).isEqualTo(2);
    assertThat(cotrace.err()).contains("scores.safetensors, byte ").doesNotContain("\tat ");
  }

  private JsonNode json(String name) throws IOException {
    return JSON.readTree(Files.readString(run.resolve(name)));
  }

  private void discover(String... more) throws IOException {
    Path task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    List<String> arguments =
        new ArrayList<>(
            List.of("discover", "--model", MODEL, "--task", task + "", "--out", run + ""));
    arguments.addAll(List.of("--max-new-tokens", "2", "--objective", "answer-logprob"));
    arguments.addAll(List.of("--rollouts", "2", "--quadrature", "midpoint", "--points", "1"));
    arguments.addAll(List.of(more));
    assertThat(cotrace.run(arguments.toArray(String[]::new))).as(cotrace.err() + "").isZero();
  }
}
