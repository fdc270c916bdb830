package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

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

/** {@code --memory} and {@code --dry-run} as users meet them. */
class MemoryOptionsTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private final Cotrace cotrace = new Cotrace();
  private Path task = Path.of("");

  @BeforeEach
  void writeTask() throws IOException {
    task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7], "wrong_ids": [8]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9], "wrong_ids": [2]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\n");
  }

  @Test
  void aDryRunPrintsThePlanAndSamplesNothing() {
    assertThat(discover("--dry-run")).as(cotrace.err()).isZero();
    assertThat(cotrace.out())
        .contains("backward pass", "recorded", "peak memory", "weights", "total", "allowed")
        .containsPattern("sampled tokens +72\\R")
        .containsPattern("passes back +8\\R");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void aDryRunAsJsonHasThePartsOfTheTotal() {
    assertThat(discover("--dry-run", "--json", "--backward", "recompute")).isZero();
    JsonNode plan = JSON.readTree(cotrace.out());
    long parts = plan.get("parts_bytes").values().stream().mapToLong(JsonNode::longValue).sum();
    assertThat(plan.get("peak_bytes").longValue()).isEqualTo(parts);
    assertThat(plan.get("backward").stringValue()).isEqualTo("recompute");
    assertThat(plan.get("work_at_most").get("sampled_tokens").intValue()).isEqualTo(72);
  }

  @Test
  void aRunKeepsItsPlan() throws IOException {
    assertThat(discover("--memory", "64G", "--threads", "2")).as(cotrace.err()).isZero();
    Path run = folder.resolve("run");
    JsonNode memory = JSON.readTree(run.resolve("provenance.json")).get("memory");
    assertThat(memory.get("allowed_bytes").longValue()).isEqualTo(64_000_000_000L);
    assertThat(memory.get("threads").intValue()).isEqualTo(2);
    assertThat(run.resolve("log.txt")).content().contains("64.0 GB that the run may take");
    assertThat(run.resolve("spec.yaml"))
        .content()
        .contains("memory: \"64G\"", "backward: \"auto\"");

    assertThat(cotrace.run("evaluate", run.toString(), "--sizes", "3", "--dry-run")).isZero();
    assertThat(cotrace.out()).contains("peak memory").containsPattern("passes back +0\\R");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          100M | the run needs at least
          9k   | the weights of
          8X   | --memory: expected a size such as 8G
          0%   | --memory: expected a size such as 8G
          170% | --memory: expected a size such as 8G
          """)
  void whatDoesNotFitIsRefusedBeforeAnythingIsSampled(String size, String said) {
    assertThat(discover("--memory", size)).isEqualTo(2);
    assertThat(cotrace.err()).contains(said).contains("cotrace: ").doesNotContain("\tat ");
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
  }

  private int discover(String... more) {
    List<String> arguments = new ArrayList<>(List.of("discover", "--task", task.toString()));
    String model = ROOT.resolve("goldens/transformers/llama-gqa-tied").toString();
    arguments.addAll(List.of("--model", model, "--out", folder.resolve("run").toString()));
    arguments.addAll(List.of("--rollouts", "2", "--quadrature", "midpoint", "--points", "2"));
    arguments.addAll(List.of(more));
    return cotrace.run(arguments.toArray(String[]::new));
  }
}
