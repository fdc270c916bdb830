package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs done once more, as users meet it. */
class RerunCommandTest {
  private static final Path ROOT =
      Path.of(System.getProperty("cotrace.root", "..")).toAbsolutePath().normalize();

  @TempDir private Path folder;
  private final Cotrace cotrace = new Cotrace();
  private Path task = Path.of("");

  @BeforeEach
  void discover() throws IOException {
    task = folder.resolve("task.jsonl");
    Files.copy(ROOT.resolve("models/tasks/arithmetic-sum.jsonl"), task);
    Files.copy(ROOT.resolve("models/tasks/arithmetic-sum.yaml"), folder.resolve("task.yaml"));
    assertThat(
            cotrace.run(
                "discover",
                "--model",
                ROOT.resolve("models/arithmetic").toString(),
                "--task",
                task.toString(),
                "--limit",
                "3",
                "--rollouts",
                "4",
                "--quadrature",
                "gauss-legendre",
                "--points",
                "3",
                "--threads",
                "2",
                "--out",
                folder.resolve("run").toString()))
        .as(cotrace.err())
        .isZero();
  }

  private JsonNode rerun(String... more) throws IOException {
    List<String> arguments = new ArrayList<>();
    Collections.addAll(arguments, "rerun", folder.resolve("run").toString(), "--json");
    Collections.addAll(arguments, "--out", folder.resolve("again").toString());
    Collections.addAll(arguments, more);
    assertThat(cotrace.run(arguments.toArray(String[]::new))).as(cotrace.err()).isZero();
    return new JsonMapper().readTree(cotrace.out());
  }

  @Test
  void onTheSameMachineAllIsTheSameToTheLastBit() throws IOException {
    JsonNode json = rerun();
    for (String what : List.of("same_scores_file", "same_rollouts_file", "same_circuit_file")) {
      assertThat(json.path(what).asBoolean()).as(what).isTrue();
    }
    assertThat(json.path("changed")).isEmpty();
    assertThat(json.path("agrees").asBoolean()).isTrue();
    assertThat(cotrace.err()).contains("Scores: the same to the last bit");
  }

  @ParameterizedTest
  @CsvSource({"1, 64", "2, 4", "1, 6"})
  void anotherLayoutChangesNoMoreThanRounding(String threads, String rows) throws IOException {
    JsonNode json = rerun("--threads", threads, "--batch-rows", rows);
    assertThat(json.path("largest_difference").asDouble()).isLessThanOrEqualTo(1e-6);
    assertThat(json.path("agrees").asBoolean()).isTrue();
  }

  @Test
  void otherInputsAreRefused() throws IOException {
    Files.writeString(task, Files.readString(task) + "\n");
    String again = folder.resolve("again").toString();
    assertThat(cotrace.run("rerun", folder.resolve("run").toString(), "--out", again)).isEqualTo(2);
    assertThat(cotrace.err()).contains("task_sha256 was").doesNotContain("\tat ");
    assertThat(cotrace.run("rerun", folder.toString())).isEqualTo(2);
    assertThat(cotrace.err()).contains("is not the directory of a complete run");
  }
}
