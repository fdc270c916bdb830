package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.ScoresFile;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.format.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two runs compared as users of the command line meet it. */
class DiffCommandTest {
  private static final Path GOLDENS =
      Path.of(System.getProperty("cotrace.root", "..")).resolve("goldens/transformers");
  private static final JsonMapper JSON = new JsonMapper();
  private static final String THREE_PAIRS =
      """
      {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
      {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
      {"clean_ids": [30, 4, 12, 8], "corrupted_ids": [30, 5, 12, 8], "answer_ids": [1]}
      """;

  @TempDir Path folder;
  private final Cotrace cotrace = Cotrace.overwriting();

  @Test
  void aRunAgainstItselfHasNoDifferences() throws IOException {
    Path run = discover("run", THREE_PAIRS);
    JsonNode diff = diff(run, run);
    assertThat(cotrace.err()).contains("No setting differs");
    assertThat(diff.get("settings")).isEmpty();
    assertThat(diff.get("errors").stringValue()).isEqualTo("by-cluster");
    assertThat(diff.get("edges_q_below_0.05").intValue()).isZero();
    assertThat(diff.at("/scores_sum/difference/value").doubleValue()).isZero();
    assertThat(diff.at("/scores_sum/difference/stderr").doubleValue()).isZero();
    assertThat(diff.at("/top_edges/0/difference/value").doubleValue()).isZero();
    assertThat(diff.at("/spearman").doubleValue()).isCloseTo(1, offset(1e-12));
    assertThat(diff.at("/jaccard").doubleValue()).isEqualTo(1);
    assertThat(diff.at("/circuits/jaccard").doubleValue()).isEqualTo(1);
  }

  @Test
  void runsOnTheSamePromptsArePairedAndOthersAreNot() throws IOException {
    Path run = discover("run", THREE_PAIRS);
    Path seed = discover("seed", THREE_PAIRS, "--seed", "1", "--threads", "1");
    assertThat(diff(run, seed).get("errors").stringValue()).isEqualTo("by-cluster");
    assertThat(cotrace.err())
        .contains(
            "What differs:\n  seed  0 → 1\nBoth measure the same: what differs below is noise.");
    Path limit = discover("limit", THREE_PAIRS, "--limit", "2");
    assertThat(diff(run, limit).get("errors").stringValue()).isEqualTo("independent");
    assertThat(cotrace.err()).contains("limit  0 → 2   (prompts are not the same)");
    Files.delete(seed.resolve("clusters.safetensors"));
    assertThat(diff(run, seed).get("errors").stringValue()).isEqualTo("independent");
  }

  @Test
  void whatDiffersIsListedWithWhatItMeans() throws IOException {
    Path run = discover("run", THREE_PAIRS);
    Path other =
        discover("other", THREE_PAIRS, "--temperature", "0.7", "--objective", "answer-logprob");
    diff(run, other);
    assertThat(cotrace.err())
        .contains(
            "objective    answer-prob → answer-logprob   (J is another quantity, perhaps in another unit)",
            "temperature  1.0 → 0.7   (chains of thought are drawn from other distributions)",
            "2 settings of what is measured differ: a difference may come from any of them.");
    // Another file under the same name, and the same content under another one.
    Path changed = discover("changed", THREE_PAIRS.replace("[7]", "[8]"));
    diff(run, changed);
    assertThat(cotrace.err()).contains("task.jsonl   (the file is another one now)");
  }

  @Test
  void differencesAreWrittenEdgeByEdge() throws IOException {
    Path run = discover("run", THREE_PAIRS);
    Path other = discover("other", THREE_PAIRS, "--max-new-tokens", "0");
    Path files = folder.resolve("diff");
    assertThat(cotrace.run("diff", run + "", other + "", "--top", "20", "--out", files + ""))
        .as(cotrace.err() + "")
        .isZero();
    assertThat(cotrace.out())
        .contains("The 15 largest differences of 262 edges", "through the words, all")
        .contains("top 20 edges overlap", "Files: " + files);
    Attribution one = ScoresFile.read(run.resolve("scores.safetensors"));
    Attribution two = ScoresFile.read(other.resolve("scores.safetensors"));
    try (Safetensors stored = Safetensors.open(files.resolve("diff.safetensors"))) {
      for (String name : List.of("scores", "direct", "through_cot")) {
        double[] expected = new double[one.graph().cells()];
        double[] first = values(one, name);
        double[] second = values(two, name);
        Arrays.setAll(expected, cell -> (float) (second[cell] - first[cell]));
        double[] values = new double[expected.length];
        stored.tensor(name).decode(0, values);
        assertThat(values).isEqualTo(expected);
      }
      assertThat(stored.tensors()).containsKeys("stderr", "q_value", "ci95_low", "direct_stderr");
      assertThat(stored.metadata()).containsEntry("errors", "by-cluster").containsKey("sources");
    }
    JsonNode json = JSON.readTree(Files.readString(files.resolve("diff.json")));
    assertThat(json.at("/top_n").intValue()).isEqualTo(20);
    assertThat(json.at("/J1/difference/value").doubleValue())
        .isEqualTo(two.clean().value() - one.clean().value());
    assertThat(cotrace.run("diff", run + "", other + "", "--out", files + "")).isEqualTo(2);
    assertThat(cotrace.err()).contains("already exists; give another --out or remove it");
  }

  private static double[] values(Attribution attribution, String name) {
    return switch (name) {
      case "direct" -> attribution.direct().values();
      case "through_cot" -> attribution.throughCot().values();
      default -> attribution.total().values();
    };
  }

  /** Every method keeps both parts by cluster, those without a gradient too. */
  @ParameterizedTest
  @CsvSource({"exact, by-cluster", "random, independent"})
  void runsOfEveryMethodCanBeCompared(String method, String errors) throws IOException {
    Path run = discover("run", THREE_PAIRS, "--limit", "2");
    Path other = discover("other", THREE_PAIRS, "--limit", "2", "--method", method);
    JsonNode diff = diff(run, other);
    assertThat(diff.get("errors").stringValue()).isEqualTo(errors);
    assertThat(cotrace.err())
        .contains("method  ig-gates → " + method + "   (scores are different quantities)");
    assertThat(diff(other, other).get("edges_q_below_0.05").intValue()).isZero();
  }

  @Test
  void runsOfOtherGraphsAndWhatIsNoRunAreRefusedWithASentence() throws IOException {
    Path run = discover("run", THREE_PAIRS);
    Path other = discover("other", THREE_PAIRS, "--model", GOLDENS.resolve("gpt2-hub") + "");
    assertThat(cotrace.run("diff", run + "", other + "")).isEqualTo(2);
    assertThat(cotrace.err())
        .contains("run has a graph of 3 layers with 4 heads, but ")
        .contains("only runs of models of the same shape can be compared edge by edge");
    assertThat(cotrace.run("diff", run + "", folder + "")).isEqualTo(2);
    assertThat(cotrace.err()).contains("is not the directory of a complete run");
    Files.writeString(run.resolve("metrics.json"), "{\"pairs\": ");
    assertThat(cotrace.run("diff", run + "", run + "")).isEqualTo(2);
    assertThat(cotrace.err()).contains("metrics.json, line 1: expected JSON, but: ");
    assertThat(cotrace.err()).doesNotContain("\tat ");
  }

  private JsonNode diff(Path first, Path second) {
    assertThat(cotrace.run("diff", first + "", second + "", "--json"))
        .as(cotrace.err() + "")
        .isZero();
    return JSON.readTree(cotrace.out());
  }

  private Path discover(String name, String pairs, String... more) throws IOException {
    Path run = folder.resolve(name);
    Path task = Files.writeString(folder.resolve("task.jsonl"), pairs);
    List<String> arguments = new ArrayList<>(List.of("discover", "--out", run + ""));
    arguments.addAll(
        List.of("--model", GOLDENS.resolve("llama-gqa-tied") + "", "--task", task + ""));
    arguments.addAll(List.of("--max-new-tokens", "2", "--rollouts", "2"));
    arguments.addAll(List.of("--quadrature", "midpoint", "--points", "1"));
    arguments.addAll(List.of(more));
    assertThat(cotrace.run(arguments.toArray(String[]::new))).as(cotrace.err() + "").isZero();
    return run;
  }
}
