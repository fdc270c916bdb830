package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.ScoresFile;
import dev.cotrace.circuit.Attribution;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A finished run as users look at it. */
class ShowCommandTest {
  private static final Path MODELS =
      Path.of(System.getProperty("cotrace.root", "..")).resolve("models");
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir static Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeAll
  static void discoverAndEvaluate() {
    ShowCommandTest test = new ShowCommandTest();
    String options = "--limit 3 --rollouts 2 --quadrature midpoint --points 2";
    assertThat(
            test.run(
                "discover " + options,
                "--model",
                MODELS.resolve("arithmetic") + "",
                "--task",
                MODELS.resolve("tasks/arithmetic-sum.jsonl") + "",
                "--out",
                folder.resolve("run") + ""))
        .as(test.err.toString())
        .isZero();
    assertThat(test.run("evaluate --sizes 50% --removals 0 --knockouts 0", folder + "/run"))
        .as(test.err.toString())
        .isZero();
  }

  @Test
  void everythingFitsIntoAHundredColumns() {
    assertThat(show("")).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("J(1), clean", "through the words", "around the words", "completeness", "in top")
        .contains("The 15 strongest edges of 479:", "layer 3 ", "Faithfulness of circuits by size")
        .contains("Transcript ", "Gradient at each position")
        .doesNotContain("\u001B");
    assertThat(out.toString().lines().filter(line -> !line.contains(folder.toString())))
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(100));
  }

  @Test
  void aComponentIsTheSumOverItsOutgoingEdgesWithAnErrorFromClusters() throws IOException {
    Attribution scores = ScoresFile.read(folder.resolve("run/scores.safetensors"));
    JsonNode components = json("--part through").path("components");
    assertThat(components).hasSize(scores.graph().sources());
    double all = 0;
    for (JsonNode component : components) {
      all += component.at("/score/value").asDouble();
      assertThat(component.at("/score/stderr").asDouble(-1)).isNotNegative();
    }
    assertThat(all).isCloseTo(scores.throughCot().sum().value(), offset(1e-6));
    Files.move(folder.resolve("run/clusters.safetensors"), folder.resolve("clusters.safetensors"));
    try {
      assertThat(json("").at("/components/0/score/stderr").isNull()).isTrue();
      assertThat(show("")).isZero();
      assertThat(out.toString()).containsPattern("± ?\\?");
    } finally {
      Files.move(
          folder.resolve("clusters.safetensors"), folder.resolve("run/clusters.safetensors"));
    }
  }

  @ParameterizedTest
  @CsvSource({"mass, 24", "advantage, 16", "surprisal, 16"})
  void aTranscriptHasTheNumbersOfItsLine(String measure, int numbers) throws IOException {
    JsonNode shown = json("--pair 2 --transcript 3 --colour-by " + measure).path("transcript");
    assertThat(shown.path("pair").asString()).isEqualTo("2");
    assertThat(shown.path("number").asInt()).isEqualTo(3);
    Map<String, String> keys =
        Map.of("advantage", "advantage", "mass", "mass_direct", "surprisal", "log_probabilities");
    JsonNode line =
        Files.readAllLines(folder.resolve("run/rollouts.jsonl")).stream()
            .map(JSON::readTree)
            .filter(each -> each.path("kind").asString().equals("rollout"))
            .filter(each -> each.path("pair").asString().equals("2"))
            .filter(each -> each.has(keys.get(measure)))
            .skip(2)
            .findFirst()
            .orElseThrow();
    StringBuilder text = new StringBuilder();
    List<Double> values = new ArrayList<>();
    for (JsonNode token : shown.path("tokens")) {
      if (token.path("origin").asString().equals("sampled")) {
        text.append(token.path("token").asString());
      }
      if (token.path("value").isNumber()) {
        values.add(token.path("value").asDouble());
      }
    }
    assertThat(text).hasToString(line.path("text").asString());
    assertThat(values).hasSize(numbers);
    double expected =
        switch (measure) {
          case "mass" ->
              line.at("/mass_direct/9").asDouble() + line.at("/mass_through_cot/9").asDouble();
          case "advantage" -> line.at("/advantage/9").asDouble();
          default -> -line.at("/log_probabilities/9").asDouble();
        };
    assertThat(values.get(9)).isEqualTo(expected);
  }

  @Test
  void colourIsThereWhenItIsWantedAndCanBeShown() {
    assertThat(show("--color always")).isZero();
    assertThat(out.toString()).contains("\u001B[38;5;", "\u001B[2m");
    assertThat(show("--color auto")).as("no terminal").isZero();
    assertThat(out.toString()).doesNotContain("\u001B");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --pair 9           | the run has no pair '9'; it has 1, 2, 3
          --transcript 999   | there is no transcript 999: the run lists 12 with mass_direct
          --transcript -1    | transcripts are counted from 1, got -1
          --top 0            | --top must be at least 1, got 0
          """)
  void whatIsNotThereIsSaidInASentence(String options, String said) {
    assertThat(show(options)).isEqualTo(2);
    assertThat(err.toString()).contains("cotrace: ", said).doesNotContain("\tat ");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void damagedFilesAreRefusedInASentence() throws IOException {
    Path copy = Files.createDirectory(folder.resolve("copy"));
    try (var files = Files.list(folder.resolve("run"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Path rollouts = copy.resolve("rollouts.jsonl");
    List<String> lines = Files.readAllLines(rollouts);
    int last = lines.size() - 1;
    while (!lines.get(last).contains("\"mass_direct\":[")) {
      last--;
    }
    lines.set(last, lines.get(last).replace("\"mass_direct\":[", "\"mass_direct\":[1,"));
    Files.write(rollouts, lines);
    assertThat(run("show", copy + "")).isEqualTo(2);
    assertThat(err.toString())
        .contains("line %d is not what a run writes: mass_direct has 25".formatted(last + 1));
    assertThat(run("show --transcript 0", copy + "")).isZero();
    assertThat(out.toString()).doesNotContain("Transcript", "Faithfulness of circuits by size");
    Files.delete(copy.resolve("metrics.json"));
    assertThat(run("show", copy + "")).isEqualTo(2);
    assertThat(err.toString()).contains("is not the directory of a complete run");
  }

  private JsonNode json(String options) {
    assertThat(show("--json " + options)).as(err.toString()).isZero();
    return JSON.readTree(out.toString());
  }

  private int show(String options) {
    return run(("show " + options).strip(), folder.resolve("run") + "");
  }

  private int run(String words, String... more) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    List<String> arguments = new ArrayList<>(List.of(words.strip().split(" +")));
    arguments.addAll(List.of(more));
    return Main.commandLine(new Interruption(), Map.of())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments.toArray(String[]::new));
  }
}
