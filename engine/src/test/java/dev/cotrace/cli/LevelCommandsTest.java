package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.FinishedRun;
import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.dictionary.TinyDictionary;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
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

/** Levels as users meet them, on a tiny random model over bare token ids. */
class LevelCommandsTest {
  private static final Path MODEL =
      Path.of(System.getProperty("cotrace.root", ".."))
          .resolve("goldens")
          .resolve("transformers")
          .resolve("llama-gqa-tied");

  @TempDir Path folder;
  private Path task = Path.of("");
  private Path run = Path.of("");
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeTask() throws IOException {
    run = folder.resolve("run");
    task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\n");
  }

  private String dictionary(String architecture, String hook, String out) throws IOException {
    int width =
        new JsonMapper()
            .readTree(MODEL.resolve("config.json").toFile())
            .path("hidden_size")
            .intValue();
    Path path = folder.resolve(architecture + "-" + hook);
    return TinyDictionary.write(path, architecture, hook, out, width, 12).toString();
  }

  private static List<String> features(String dictionary) {
    return List.of("--level", "feature", "--dictionary", dictionary);
  }

  private List<String> level(String what) throws IOException {
    String mlp = "blocks.0.hook_mlp_out";
    return switch (what) {
      case "features" ->
          features(
              dictionary("topk", mlp, mlp)
                  + ","
                  + dictionary("transcoder", "blocks.1.mlp.hook_in", "blocks.1.hook_mlp_out"));
      case "heads together" -> {
        String hook = "blocks.1.hook_attn_out";
        yield features(dictionary("standard", hook, hook));
      }
      case "stream" -> {
        String hook = "blocks.1.hook_resid_pre";
        List<String> words = new ArrayList<>(features(dictionary("standard", hook, hook)));
        words.addAll(List.of("--errors", "kept"));
        yield words;
      }
      default -> List.of("--level", what);
    };
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
    discover(level(what));
    JsonNode metrics = json(run.resolve("metrics.json"));
    assertThat(metrics.path("level").stringValue()).isEqualTo(label);
    Pieces pieces = (Pieces) FinishedRun.read(run).attribution().units();
    assertThat(pieces.name(pieces.cell(unit))).isEqualTo(unit);
    succeeds("show", run.toString(), "--top", "2000");
    assertThat(out.toString()).contains("strongest").contains(unit.replaceFirst("\\..*", ""));
    succeeds("evaluate", run.toString(), "--sizes", "2,50%", "--knockouts", "1");
    succeeds("verify", run.toString(), "--top", "2", "--others", "1", "--groups", "0");
    succeeds("compare", run.toString(), "--without", unit, "--rollouts", "2");
    succeeds("sample", "--config", spec(), "--circuit", run.toString());
    succeeds("sample", "--config", spec(), "--scale", unit + "=3");
    succeeds("select", run.toString(), "--top", "1");
    succeeds("export", run.toString(), "--format", "csv");
    assertThat(Files.readString(folder.resolve("run.csv"))).startsWith("unit,score,stderr");
    succeeds("report", run.toString());
    succeeds("diff", run.toString(), run.toString());
    succeeds("rerun", run.toString(), "--out", folder.resolve("again").toString());
    fails("this format is for circuits of edges", "export", run.toString(), "--format", "dot");
    fails("greedy grows a circuit edge by edge", "select", run.toString(), "--select", "greedy");
    if (what.equals("stream")) {
      fails("edges between units are of what nodes write", "edges", run.toString());
    } else {
      succeeds("edges", run.toString(), "--top", "4");
      assertThat(run.resolve("edges").resolve("edges.csv")).exists();
      fails(
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
    discover(level("stream"));
    Pieces pieces = (Pieces) FinishedRun.read(run).attribution().units();
    assertThat(pieces.errors()).isEqualTo(ErrorUnits.KEPT);
    succeeds("show", run.toString());
    assertThat(out.toString()).contains("of %d:".formatted(pieces.cells() - 1));
    succeeds("select", run.toString(), "--top", "3");
    assertThat(out.toString()).contains("3 of them among the 3 of the run's own circuit");
  }

  @Test
  void featuresNeedDictionariesOfThisModel() throws IOException {
    String foreign = "blocks.7.hook_mlp_out";
    fails("--level feature needs --dictionary", discoverWords(List.of("--level", "feature")));
    fails(
        "--dictionary is for --level feature",
        discoverWords(List.of("--dictionary", dictionary("topk", foreign, foreign))));
    fails("which the model lacks", discoverWords(features(dictionary("topk", foreign, foreign))));
    fails(
        "gates are on features of what they write or of what the same MLP reads",
        discoverWords(
            features(
                dictionary("transcoder", "blocks.0.hook_resid_mid", "blocks.1.hook_mlp_out"))));
    fails("does not exist", discoverWords(features(folder + "/none")));
    fails(
        "--errors is of the dictionaries",
        discoverWords(List.of("--level", "node", "--errors", "kept")));
    assertThat(run).doesNotExist();
  }

  @Test
  void aRunIsNotGoneOnWithAnotherDictionary() throws IOException {
    discover(level("features"));
    Path weights = folder.resolve("topk-blocks.0.hook_mlp_out").resolve("cfg.json");
    Files.writeString(weights, Files.readString(weights).replace("\"k\":3", "\"k\":2"));
    fails("dictionary_sha256 was", "rerun", run.toString(), "--out", folder + "/again");
  }

  /** As {@code cotrace means} measures them: of the same units, or none. */
  @ParameterizedTest
  @CsvSource({"neuron", "features", "stream"})
  void meansStandInForUnits(String what) throws IOException {
    String means = folder.resolve("means.safetensors").toString();
    List<String> words =
        new ArrayList<>(
            List.of(
                "means", "--model", MODEL.toString(), "--task", task.toString(), "--out", means));
    words.addAll(level(what));
    succeeds(words.toArray(String[]::new));
    List<String> more = new ArrayList<>(level(what));
    more.addAll(List.of("--corruption", "mean", "--means", means));
    discover(more);
    succeeds("evaluate", run.toString(), "--sizes", "50%");
    if (!what.equals("stream")) {
      succeeds("edges", run.toString(), "--top", "3");
    }
    if (!what.equals("neuron")) {
      Path configuration =
          Path.of(more.get(more.indexOf("--dictionary") + 1).replaceFirst(",.*", ""))
              .resolve("cfg.json");
      Files.writeString(configuration, Files.readString(configuration) + " ");
      run = folder.resolve("changed");
      fails("another dictionary's features", discoverWords(more));
    }
    run = folder.resolve("other");
    List<String> other = List.of("--level", "neuron", "--corruption", "mean", "--means", means);
    if (!what.equals("neuron")) {
      fails("holds no means of these neurons: run cotrace means", discoverWords(other));
    }
  }

  @Test
  void edgesHaveNothingToScale() {
    fails(
        "edges write nothing",
        "sample",
        "--model",
        MODEL.toString(),
        "--task",
        task.toString(),
        "--scale",
        "m0=2");
    fails(
        "leave out --circuit, --alpha and --corruption",
        "sample",
        "--model",
        MODEL.toString(),
        "--task",
        task.toString(),
        "--level",
        "node",
        "--alpha",
        "0.5",
        "--scale",
        "m0=2");
  }

  private String[] discoverWords(List<String> more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "discover",
                "--model",
                MODEL.toString(),
                "--task",
                task.toString(),
                "--out",
                run.toString(),
                "--rollouts",
                "2",
                "--quadrature",
                "midpoint",
                "--points",
                "2",
                "--bins",
                "step",
                "--top",
                "3"));
    words.addAll(more);
    return words.toArray(String[]::new);
  }

  private void discover(List<String> more) {
    succeeds(discoverWords(more));
  }

  private String spec() {
    return run.resolve("spec.yaml").toString();
  }

  private static JsonNode json(Path file) throws IOException {
    return new JsonMapper().readTree(Files.readString(file));
  }

  private void succeeds(String... words) {
    assertThat(run(words)).as(Arrays.toString(words) + err).isZero();
  }

  private void fails(String because, String... words) {
    assertThat(run(words)).as(Arrays.toString(words) + err).isEqualTo(2);
    assertThat(err.toString()).contains(because);
  }

  private int run(String... words) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.commandLine(new Interruption())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }
}
