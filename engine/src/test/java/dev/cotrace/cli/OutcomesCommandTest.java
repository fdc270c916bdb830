package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.model.Decoder;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.Model;
import dev.cotrace.model.PlainStream;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
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

/** Objectives that read the sampled text, as users of the command line meet them. */
class OutcomesCommandTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));
  private static final String MODEL =
      ROOT.resolve("goldens").resolve("transformers").resolve("llama-gqa-tied").toString();
  private static final Path ARITHMETIC = ROOT.resolve("models").resolve("arithmetic");
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
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\nexternal-timeout: 30\n");
    task = file.toString();
  }

  @Test
  void everyOutcomeOfASumStandsWithItsValueInTheRollouts() throws IOException {
    Path script =
        Files.writeString(
            folder.resolve("own.sh"),
            """
            echo ready >&2
            while read -r line; do id=${line#*:}; id=${id%%,*}; echo "{\\"id\\": $id, \\"value\\": 0.25}"; done
            """);
    Path run = folder.resolve("run");
    String objective = "contains(\"5\") - 2*count(\"7\") + 0.5*length + 4*external";
    assertThat(
            discover(
                run,
                "--objective",
                objective,
                "--external-command",
                "/bin/sh",
                "--external-command",
                script.toString()))
        .as(cotrace.err())
        .isZero();
    List<JsonNode> rollouts = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("rollouts.jsonl"))) {
      rollouts.add(JSON.readTree(line));
    }
    assertThat(rollouts)
        .filteredOn(line -> line.get("kind").stringValue().equals("rollout"))
        .isNotEmpty()
        .allSatisfy(line -> {
          JsonNode outcomes = line.get("outcomes");
          assertThat(outcomes.propertyNames())
              .containsExactly("contains(\"5\")", "count(\"7\")", "external");
          double value =
              outcomes.get("contains(\"5\")").doubleValue()
                  - 2 * outcomes.get("count(\"7\")").doubleValue()
                  + 0.5 * line.get("sampled_ids").size()
                  + 4 * 0.25;
          assertThat(line.get("value").doubleValue()).isCloseTo(value, offset(1e-12));
        });
    assertThat(run.resolve("log.txt")).content().contains(" external: ready\n");

    Path again = folder.resolve("again");
    assertThat(
            cotrace.run("discover", "--config", run.resolve("spec.yaml") + "", "--out", again + ""))
        .as(cotrace.err())
        .isZero();
    assertThat(again.resolve("rollouts.jsonl"))
        .hasSameTextualContentAs(run.resolve("rollouts.jsonl"));
  }

  @Test
  void theJudgeIsAModelThatReadsTheTranscript() throws IOException {
    assertThat(
            cotrace.run(
                "sample",
                "--model",
                ARITHMETIC + "",
                "--task",
                ROOT.resolve("models").resolve("tasks").resolve("arithmetic-sum.jsonl") + "",
                "--limit",
                "2",
                "--rollouts",
                "3",
                "--objective",
                "2*judge",
                "--judge-model",
                ARITHMETIC + "",
                "--judge-template",
                "{prompt}{text}",
                "--judge-yes",
                "0",
                "--judge-no",
                "7",
                "--json"))
        .as(cotrace.err())
        .isZero();
    JsonNode transcripts = JSON.readTree(cotrace.out()).get("transcripts");
    assertThat(transcripts).hasSize(6);
    try (Model model = Model.load(ARITHMETIC, Placement.cpu(Precision.FLOAT32))) {
      Tokenizer tokens = model.tokenizer().orElseThrow();
      for (JsonNode transcript : transcripts) {
        String shown =
            transcript.get("prompt").stringValue() + transcript.get("text").stringValue();
        double[] logits = logits(model.decoder(), tokens.encode(shown));
        double expected = logits[tokens.encode("0")[0]] - logits[tokens.encode("7")[0]];
        // Float32, and rows of a batch are padded.
        assertThat(transcript.at("/outcomes/judge").doubleValue())
            .isCloseTo(expected, offset(1e-3));
        assertThat(transcript.get("value").doubleValue()).isCloseTo(2 * expected, offset(2e-3));
      }
    }
  }

  private static double[] logits(Decoder decoder, int[] ids) {
    try (Scope _ = new Scope();
        KvCache cache =
            new KvCache(
                decoder.placement(),
                decoder.architecture(),
                decoder.architecture().keyValueHeads(),
                ids.length,
                new long[1]);
        PlainStream stream = new PlainStream()) {
      long[] tokens = Arrays.stream(ids).asLongStream().toArray();
      decoder.forward(decoder.placement().indices(tokens, 1, ids.length), cache, stream);
      return Placement.toDoubles(
          decoder.logits(stream.readLogits()).select(1, ids.length - 1).select(0, 0));
    }
  }

  @Test
  void anOutcomeThatNeverVariesIsWarnedOf() {
    assertThat(discover(folder.resolve("run"), "--objective", "contains(\"99\")"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.err())
        .contains("warning: contains(\"99\") is 0.000 in every rollout of J(0) and J(1)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          --objective contains                               | --objective: contains needs one text in quotes
          --objective contains(answer)                       | pair 1 has no answer, which the objective contains(answer) needs
          --objective contains(wrong)                        | pair 1 has no wrong answer
          --objective external                               | --external-command is missing, which the objective needs
          --objective external --external-command nowhere    | --external-command cannot be started
          --objective external --external-command false      | --external-command: the program ended with exit code 1
          --objective external --external-command cat        | but should answer {"id": 0, "value": NUMBER}
          --external-timeout 0                               | --external-timeout must be a positive number of seconds
          --external-timeout soon                            | Invalid value for option '--external-timeout'
          --objective judge                                  | --judge-model is missing, which the objective needs
          --objective judge --judge-model m --judge-template a | --judge-yes is missing
          --objective judge --judge-model m --judge-template {text}{answer} --judge-yes y --judge-no n | line 1: the pair lacks the answer
          --objective judge --judge-model nowhere --judge-template {text} --judge-yes y --judge-no n | nowhere does not exist
          --objective judge --judge-model MODEL --judge-template {text} --judge-yes y --judge-no n | has no tokenizer, so it cannot be shown a transcript
          """)
  void badInputGivesOneSentenceAndExitCodeTwo(String options, String said) {
    Path run = folder.resolve("run");
    assertThat(discover(run, options.replace("MODEL", MODEL).split(" ")))
        .as(cotrace.err())
        .isEqualTo(2);
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
