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
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Corruptions as users meet them, on a tiny random model over bare token ids. */
class CorruptionCommandsTest {
  private static final Path MODELS =
      Path.of(System.getProperty("cotrace.root", "..")).resolve("goldens").resolve("transformers");
  private static final String MODEL = MODELS.resolve("llama-gqa-tied").toString();

  @TempDir Path folder;
  private Path task = Path.of("");
  private final Cotrace cotrace = Cotrace.overwriting();

  @BeforeEach
  void writeTask() throws IOException {
    task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9], "answer_ids": [7], "align": [0, 1, 1]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2, 2], "answer_ids": [9], "align": [0, 2]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"same", "map", "resample", "zero", "mean", "mean-positional", "noise=2"})
  void everyCorruptionIsDiscoveredEvaluatedAndSampled(String kind) throws IOException {
    Path run = folder.resolve("run");
    List<String> more = new ArrayList<>(List.of("--corruption", kind));
    if (kind.equals("map")) {
      more.addAll(List.of("--corruption-map", "4 => 9", "--corruption-map", "9 => 4"));
    }
    if (kind.startsWith("mean")) {
      more.addAll(List.of("--means", means()));
    }
    assertThat(discover(run, more)).as(cotrace.err()).isZero();
    assertThat(cotrace.run("evaluate", run.toString(), "--sizes", "50%"))
        .as(cotrace.err())
        .isZero();
    String spec = run.resolve("spec.yaml").toString();
    String circuit = run.resolve("circuit.json").toString();
    assertThat(cotrace.run("sample", "--config", spec, "--circuit", circuit, "--show-tokens"))
        .as(cotrace.err())
        .isZero();
    boolean readsPrompt = List.of("same", "map", "resample").contains(kind);
    assertThat(cotrace.out().contains("corrupted")).isEqualTo(readsPrompt);
    assertPartnersAreLogged(run, kind);
  }

  private static void assertPartnersAreLogged(Path run, String kind) throws IOException {
    for (String text : Files.readAllLines(run.resolve("rollouts.jsonl"))) {
      JsonNode line = new JsonMapper().readTree(text);
      if (line.get("kind").stringValue().equals("rollout")) {
        assertThat(line.has("corrupted_ids"))
            .isEqualTo(kind.equals("map") || kind.equals("resample"));
        assertThat(line.path("corrupted_ids").size())
            .isLessThanOrEqualTo(line.get("sampled_ids").size());
      }
    }
  }

  @Test
  void meansOfAnotherModelAreRefused() {
    String means = means();
    int code =
        discover(
            folder.resolve("run"),
            List.of(
                "--corruption",
                "mean",
                "--means",
                means,
                "--model",
                MODELS.resolve("llama-head-dim").toString()));
    assertThat(code).isEqualTo(2);
    assertThat(cotrace.err())
        .contains(means + " holds means of another model (its files have other hashes)");
  }

  @Test
  void whatACorruptionNeedsIsAskedFor() throws IOException {
    assertRefused("--corruption mean needs --means", "--corruption", "mean");
    assertRefused("--corruption map needs --corruption-map", "--corruption", "map");
    assertRefused(
        "with --corruption resample the corrupted run draws its own: use --estimator sampled",
        "--corruption",
        "resample",
        "--estimator",
        "enumerate");
    Files.writeString(task, "{\"clean_ids\": [3, 4, 5], \"answer_ids\": [7]}\n");
    assertRefused("line 1: the pair has neither corrupted nor corrupted_ids", "--repeats", "2");
    assertThat(discover(folder.resolve("zero"), List.of("--corruption", "zero", "--repeats", "2")))
        .as(cotrace.err())
        .isZero();
  }

  private void assertRefused(String said, String... more) {
    assertThat(discover(folder.resolve("run"), List.of(more))).isEqualTo(2);
    assertThat(cotrace.err()).contains("cotrace: ", said).doesNotContain("\tat ");
  }

  @Test
  void equalPromptsAreNamedInAWarning() throws IOException {
    Files.writeString(
        task,
        """
        {"id": "x", "clean_ids": [3, 4], "corrupted_ids": [3, 4], "answer_ids": [7]}
        {"id": "y", "clean_ids": [3, 4], "corrupted_ids": [3, 5], "answer_ids": [7]}
        """);
    assertThat(discover(folder.resolve("run"), List.of())).as(cotrace.err()).isZero();
    assertThat(cotrace.err())
        .contains(
            "warning: clean and corrupted prompt are the same, so that nothing can be attributed,"
                + " in pair x");
  }

  private String means() {
    String file = folder.resolve("means.safetensors").toString();
    int code =
        cotrace.run(
            "means",
            "--model",
            MODEL,
            "--task",
            task.toString(),
            "--side",
            "both",
            "--max-new-tokens",
            "2",
            "--rollouts",
            "2",
            "--out",
            file);
    assertThat(code).as(cotrace.err()).isZero();
    assertThat(cotrace.out()).contains("means over 8 sequences").contains("positions");
    return file;
  }

  private int discover(Path run, List<String> more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "discover",
                "--model",
                MODEL,
                "--task",
                task.toString(),
                "--out",
                run.toString(),
                "--rollouts",
                "2",
                "--quadrature",
                "midpoint",
                "--points",
                "2"));
    all.addAll(more);
    return cotrace.run(all.toArray(String[]::new));
  }
}
