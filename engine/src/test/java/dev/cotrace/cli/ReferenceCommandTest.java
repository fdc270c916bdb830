package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.format.Safetensors;
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

/** References as users of the command line meet them. */
class ReferenceCommandTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));
  private static final String MODEL =
      ROOT.resolve("goldens").resolve("transformers").resolve("llama-gqa-tied").toString();
  private static final Path MODELS = ROOT.resolve("models");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private String task = "";
  private final Cotrace cotrace = Cotrace.overwriting();

  @BeforeEach
  void writeTask() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\n");
    task = file.toString();
  }

  @Test
  void scoresOfReferencesStandBesideThoseOfTheRun() throws IOException {
    Path run = folder.resolve("run");
    assertThat(discover(run, "--reference", "eap,teacher-forced", "--top", "20"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out())
        .containsSubsequence("Reference eap: ", "Reference teacher-forced: ", "top 20 overlap");
    assertThat(run.resolve("sentences.jsonl")).doesNotExist();
    JsonNode metrics = JSON.readTree(Files.readString(run.resolve("metrics.json")));
    JsonNode references = metrics.get("references");
    assertThat(references.propertyNames()).containsExactly("eap", "teacher-forced");
    JsonNode forced = references.get("teacher-forced");
    assertThat(forced.at("/difference/value").doubleValue()).isNegative();
    assertThat(forced.get("sampled_tokens").intValue()).isZero();
    for (JsonNode reference : references) {
      assertThat(reference.at("/gap/value").doubleValue())
          .isCloseTo(
              reference.at("/sum/value").doubleValue()
                  - reference.at("/difference/value").doubleValue(),
              offset(1e-9));
      assertThat(reference.get("spearman").doubleValue()).isBetween(-1.0, 1.0);
      assertThat(reference.get("jaccard").doubleValue()).isBetween(0.0, 1.0);
      assertThat(reference.get("top_n").intValue()).isEqualTo(20);
    }
    try (Safetensors stored = Safetensors.open(run.resolve("scores.safetensors"))) {
      for (String name : List.of("eap", "teacher_forced")) {
        double[] scores = values(stored, name);
        // Stored as F32.
        double sum = Double.parseDouble(stored.metadata().get(name + "_sum"));
        assertThat(Arrays.stream(scores).sum()).isCloseTo(sum, offset(1e-4 * Math.abs(sum) + 1e-5));
        assertThat(values(stored, name + "_stderr")).hasSameSizeAs(scores);
        assertThat(stored.metadata()).containsKeys(name + "_gap", name + "_difference_stderr");
      }
      assertThat(stored.metadata().get("teacher_forced_sign_convention")).contains("raises KL");
    }
    // J(0), J(1), two gate values, eap and two circuits, of two pairs and two rollouts.
    assertThat(
            Files.readAllLines(run.resolve("rollouts.jsonl")).stream()
                .filter(line -> line.contains("\"kind\":\"rollout\"")))
        .hasSize(7 * 2 * 2);

    Path again = folder.resolve("again");
    assertThat(
            cotrace.run("discover", "--config", run.resolve("spec.yaml") + "", "--out", again + ""))
        .as(cotrace.err())
        .isZero();
    assertThat(again.resolve("scores.safetensors"))
        .hasSameBinaryContentAs(run.resolve("scores.safetensors"));
  }

  private static double[] values(Safetensors stored, String name) {
    var tensor = stored.tensor(name);
    double[] values = new double[Math.toIntExact(tensor.shape()[0] * tensor.shape()[1])];
    tensor.decode(0, values);
    return values;
  }

  @Test
  void sentencesAreWrittenLineByLine() throws IOException {
    Path run = folder.resolve("run");
    List<String> arguments =
        List.of(
            "discover",
            "--model",
            MODELS.resolve("arithmetic") + "",
            "--task",
            MODELS.resolve("tasks").resolve("arithmetic-sum.jsonl") + "",
            "--limit",
            "2",
            "--rollouts",
            "2",
            "--quadrature",
            "midpoint",
            "--points",
            "1",
            "--reference",
            "sentences",
            "--reference-rollouts",
            "2",
            "--reference-continuations",
            "3",
            "--out",
            run + "");
    assertThat(cotrace.run(arguments.toArray(String[]::new))).as(cotrace.err()).isZero();
    assertThat(cotrace.out()).contains("sentences of 4 that change answer-prob most");
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("sentences.jsonl"))) {
      lines.add(JSON.readTree(line));
    }
    // The built-in model writes one sentence: four sums up to the sign that stops it.
    assertThat(lines).hasSize(4);
    assertThat(lines)
        .allSatisfy(line -> {
          assertThat(line.get("sentence").intValue()).isEqualTo(1);
          assertThat(line.get("text").stringValue()).endsWith("=");
          assertThat(line.at("/value/stderr").doubleValue()).isZero();
          assertThat(line.at("/importance/value").isNumber()).isTrue();
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --reference sentences                                | reads text, but the model has no tokenizer
          --reference eap,eap                                  | --reference names one of them twice
          --reference eip                                      | --reference: expected one of teacher-forced, eap, sentences, got 'eip'
          --reference teacher-forced --max-new-tokens 0        | --reference teacher-forced is about sampled tokens
          --reference sentences --objective kl                 | 0 in every rollout of the clean model
          --reference sentences --estimator enumerate          | --estimator enumerate samples none
          --reference sentences --reference-continuations 1    | --reference-continuations must be at least 2
          --reference-rollouts 0                               | --reference-rollouts must be at least 1
          """)
  void badInputGivesOneSentenceAndExitCodeTwo(String options, String said) {
    Path run = folder.resolve("run");
    assertThat(discover(run, options.split(" +"))).as(cotrace.err()).isEqualTo(2);
    assertThat(cotrace.err()).contains("cotrace: ").contains(said).doesNotContain("\tat ");
    assertThat(run).doesNotExist();
  }

  private int discover(Path run, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("discover", "--model", MODEL, "--task", task, "--out", run.toString()));
    arguments.addAll(List.of("--rollouts", "2", "--quadrature", "midpoint", "--points", "2"));
    arguments.addAll(List.of(more));
    return cotrace.run(arguments.toArray(String[]::new));
  }
}
