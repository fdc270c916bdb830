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

/** {@code cotrace prune} as users meet it. */
class PruneCommandTest {
  private static final Path MODEL =
      Path.of(System.getProperty("cotrace.root", ".."))
          .resolve("goldens/transformers/llama-gqa-tied");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private Path folder;
  private final Cotrace cotrace = new Cotrace();
  private Path task = Path.of("");

  @BeforeEach
  void writeTask() throws IOException {
    task = folder.resolve("task.jsonl");
    Files.writeString(
        task,
        """
        {"clean_ids": [5, 4], "corrupted_ids": [5, 9], "answer_ids": [2], "wrong_ids": [9]}
        {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9], "wrong_ids": [2]}
        {"clean_ids": [7, 4], "corrupted_ids": [7, 1], "answer_ids": [4], "wrong_ids": [1]}
        """);
  }

  private int prune(String... arguments) {
    List<String> all = new ArrayList<>(List.of("prune", "--model", MODEL.toString()));
    all.addAll(List.of("--task", task.toString(), "--objective", "answer-logprob"));
    all.addAll(List.of("--rollouts", "4"));
    if (!List.of(arguments).contains("--max-new-tokens")) {
      all.addAll(List.of("--max-new-tokens", "2"));
    }
    all.addAll(List.of(arguments));
    return cotrace.run(all.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "--by learned-mask --steps 3 --edges 50%, top ",
    "--by learned-mask --steps 2 --edges 20 --max-new-tokens 0, top 20 by learned gates",
    "--by acdc --threshold 0.05, ACDC at a threshold of 0.05"
  })
  void aCircuitIsFoundKeptAndReadByOtherCommands(String how, String words) throws IOException {
    Path found = folder.resolve("found");
    List<String> arguments = new ArrayList<>(List.of(how.split(" ")));
    arguments.addAll(List.of("--json", "--out", found.toString()));
    assertThat(prune(arguments.toArray(String[]::new))).as(cotrace.err()).isZero();

    JsonNode said = JSON.readTree(cotrace.out());
    JsonNode kept = JSON.readTree(found.resolve("pruning.json"));
    assertThat(said.at("/circuit")).isEqualTo(kept.at("/circuit"));
    assertThat(kept.at("/selection").asString()).startsWith(words.strip());
    assertThat(found)
        .isDirectoryContaining("glob:**/circuit.json")
        .isDirectoryContaining("glob:**/spec.yaml")
        .isDirectoryContaining("glob:**/provenance.json");
    for (String command :
        List.of(
            "evaluate %s --sizes 50%% --knockouts 0 --removals 0",
            "verify %s --top 2 --others 0 --groups 0", "export %s --format csv")) {
      assertThat(cotrace.run(command.formatted(found).split(" "))).as(cotrace.err()).isZero();
    }
  }

  @Test
  void theSameSeedGivesTheSameCircuit() throws IOException {
    for (String name : List.of("one", "two")) {
      assertThat(prune("--steps", "3", "--edges", "20", "--out", folder.resolve(name).toString()))
          .as(cotrace.err())
          .isZero();
    }
    assertThat(folder.resolve("one/circuit.json"))
        .hasSameTextualContentAs(folder.resolve("two/circuit.json"));
  }

  @ParameterizedTest
  @CsvSource({
    "--by magic, 'expected one of learned-mask, acdc, got'",
    "--steps 0, --steps must be at least 1",
    "--steps 0 --dry-run, --steps must be at least 1",
    "--rate NaN, --rate must be a number above 0",
    "--rate -1, --rate must be a number above 0",
    "--by acdc --threshold 0, --threshold must be a number above 0",
    "--edges 101%, at most 100 %",
    "--by acdc --edges 5, --edges has no meaning with --by acdc",
    "--threshold 0.1, --threshold has no meaning with --by learned-mask"
  })
  void whatMeansNothingIsRefused(String arguments, String sentence) {
    Path found = folder.resolve("found");
    List<String> all = new ArrayList<>(List.of(arguments.split(" ")));
    all.addAll(List.of("--out", found.toString()));
    assertThat(prune(all.toArray(String[]::new))).isEqualTo(2);
    assertThat(cotrace.err()).contains(sentence).doesNotContain("\tat ");
    assertThat(found).doesNotExist();
    assertThat(folder.resolve("found.incomplete")).doesNotExist();
  }

  @Test
  void aPlanSamplesNothing() {
    Path found = folder.resolve("found");
    assertThat(prune("--dry-run", "--out", found.toString())).as(cotrace.err()).isZero();
    assertThat(found).doesNotExist();
  }
}
