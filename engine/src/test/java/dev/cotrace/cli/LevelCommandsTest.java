package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.FinishedRun;
import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Pieces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Levels as users meet them, on a tiny random model over bare token ids. */
class LevelCommandsTest {
  @TempDir Path folder;
  private Path run = Path.of("");
  private final Cotrace cotrace = new Cotrace();

  @SuppressWarnings("NullAway.Init")
  private LevelRuns runs;

  @BeforeEach
  void writeTask() throws IOException {
    run = folder.resolve("run");
    runs = new LevelRuns(folder);
  }

  /** The units' names stand in for what the level is. */
  @ParameterizedTest
  @CsvSource({
    "node, node, m1",
    "head, head, a0.h1",
    "mlp, mlp, m0",
    "residual-dim, residual-dim, m0.d3",
    "neuron, neuron, m1.n2",
    "features, feature, m0.error",
    "heads together, feature, a1.f3",
    "stream, feature, r1pre.f3"
  })
  void everyLevelIsDiscoveredShownEvaluatedVerifiedAndExported(
      String what, String label, String unit) throws IOException {
    discover(runs.level(what));
    JsonNode metrics = json(run.resolve("metrics.json"));
    assertThat(metrics.path("level").stringValue()).isEqualTo(label);
    Pieces pieces = (Pieces) FinishedRun.read(run).attribution().units();
    assertThat(pieces.name(pieces.cell(unit))).isEqualTo(unit);
    assertThat(cotrace.succeeds("show", run.toString(), "--top", "2000"))
        .contains("strongest")
        .contains(unit.replaceFirst("\\..*", ""));
    cotrace.succeeds("evaluate", run.toString(), "--sizes", "2,50%", "--knockouts", "1");
    cotrace.succeeds("verify", run.toString(), "--top", "2", "--others", "1", "--groups", "0");
    cotrace.succeeds("compare", run.toString(), "--without", unit, "--rollouts", "2");
    cotrace.succeeds("sample", "--config", spec(), "--circuit", run.toString());
    cotrace.succeeds("sample", "--config", spec(), "--scale", unit + "=3");
    cotrace.succeeds("select", run.toString(), "--top", "1");
    cotrace.succeeds("export", run.toString(), "--format", "csv");
    assertThat(Files.readString(folder.resolve("run.csv"))).startsWith("unit,score,stderr");
    cotrace.succeeds("report", run.toString());
    assertThat(Files.readString(run.resolve("report.html")).contains("\"cut\":["))
        .as("has units of two kinds")
        .isEqualTo(pieces.isMixed());
    cotrace.succeeds("diff", run.toString(), run.toString());
    cotrace.succeeds("rerun", run.toString(), "--out", folder.resolve("again").toString());
    cotrace.fails(
        "this format is for circuits of edges", "export", run.toString(), "--format", "dot");
    cotrace.fails(
        "greedy grows a circuit edge by edge", "select", run.toString(), "--select", "greedy");
    if (what.equals("stream")) {
      cotrace.fails("between which there are no edges", "edges", run.toString());
    } else {
      cotrace.succeeds("edges", run.toString(), "--top", "4");
      assertThat(run.resolve("edges").resolve("edges.csv")).exists();
      cotrace.fails(
          "edges between units are found by gradients",
          "edges",
          run.toString(),
          "--method",
          "exact",
          "--bins",
          "none");
    }
  }

  @Test
  void runsRememberWhatBecomesOfErrors() throws IOException {
    discover(runs.level("stream"));
    Pieces pieces = (Pieces) FinishedRun.read(run).attribution().units();
    assertThat(pieces.errors()).isEqualTo(ErrorUnits.KEPT);
    assertThat(cotrace.succeeds("show", run.toString()))
        .contains("of %d:".formatted(pieces.cells() - 1));
    assertThat(cotrace.succeeds("select", run.toString(), "--top", "3"))
        .contains("3 of them among the 3 of the run's own circuit");
  }

  @Test
  void featuresNeedDictionariesOfThisModel() throws IOException {
    String foreign = "blocks.7.hook_mlp_out";
    cotrace.fails(
        "--level feature needs --dictionary", discoverWords(List.of("--level", "feature")));
    cotrace.fails(
        "--dictionary is for --level feature",
        discoverWords(List.of("--dictionary", runs.dictionary("topk", foreign, foreign))));
    cotrace.fails(
        "which the model lacks",
        discoverWords(LevelRuns.features(runs.dictionary("topk", foreign, foreign))));
    cotrace.fails(
        "gates are on features of what they write or of what the same MLP reads",
        discoverWords(
            LevelRuns.features(
                runs.dictionary(
                    "transcoder", "blocks.0.hook_resid_mid", "blocks.1.hook_mlp_out"))));
    cotrace.fails("does not exist", discoverWords(LevelRuns.features(folder + "/none")));
    cotrace.fails(
        "--errors is of the dictionaries",
        discoverWords(List.of("--level", "node", "--errors", "kept")));
    assertThat(run).doesNotExist();
  }

  @Test
  void edgesHaveNothingToScale() {
    cotrace.fails("edges write nothing", runs.words("sample", List.of("--scale", "m0=2")));
    cotrace.fails(
        "leave out --circuit, --alpha and --corruption",
        runs.words("sample", List.of("--level", "node", "--alpha", "0.5", "--scale", "m0=2")));
  }

  @Test
  void whatIsAskedOfARunAtAnotherLevelIsSaid() throws IOException {
    discover(runs.level("stream"));
    cotrace.fails(
        "gates sit on neurons: give --level feature",
        "evaluate",
        run.toString(),
        "--level",
        "neuron");
    String again = folder.resolve("again").toString();
    cotrace.succeeds("discover", "--config", spec(), "--level", "neuron", "--out", again);
    cotrace.fails("between which there are no edges", "edges", run.toString());
    cotrace.succeeds("plan", "--config", spec(), "--measure-seconds", "0.01");
    cotrace.succeeds("evaluate", run.toString(), "--sizes", "50%", "--errors", "removed");
    assertThat(cotrace.succeeds("show", run.toString()))
        .contains("evaluation, with errors removed):")
        .contains("  features ", "  errors ");
    cotrace.succeeds("verify", run.toString(), "--top", "2", "--others", "0", "--groups", "0");
    Pieces pieces = (Pieces) FinishedRun.read(run).attribution().units();
    assertThat(cotrace.out()).contains("all %d features".formatted(pieces.cells()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "m0              | expected --scale to be a unit and its factor such as a1.h2=0, got 'm0'",
        "=2              | expected --scale to be a unit and its factor such as a1.h2=0, got '=2'",
        "m0=2,m0=3       | --scale names m0 twice",
        "m7=2            | the model has no node 'm7': they are named like input, "
      })
  void scalesThatSayNothingAreRefused(String scale, String because) {
    cotrace.fails(because, runs.words("sample", List.of("--level", "node", "--scale", scale)));
  }

  @ParameterizedTest
  @CsvSource({"NaN", "1e7", "-Infinity"})
  void scalesAreNumbersThatLeaveSomethingOfTheRest(String factor) {
    cotrace.fails(
        "--scale takes factors from -1,000,000 to 1,000,000, got",
        runs.words("sample", List.of("--level", "node", "--scale", "m0=" + factor)));
  }

  private String[] discoverWords(List<String> more) {
    return runs.discover(run, more);
  }

  private void discover(List<String> more) {
    cotrace.succeeds(discoverWords(more));
  }

  private String spec() {
    return run.resolve("spec.yaml").toString();
  }

  private static JsonNode json(Path file) throws IOException {
    return new JsonMapper().readTree(Files.readString(file));
  }
}
