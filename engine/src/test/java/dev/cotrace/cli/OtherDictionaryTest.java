package dev.cotrace.cli;

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

/** What is of one dictionary's features is not taken for another's, whatever they are called. */
class OtherDictionaryTest {
  @TempDir Path folder;
  private Path run = Path.of("");
  private final Cotrace cotrace = new Cotrace();

  @SuppressWarnings("NullAway.Init") // JUnit calls begin first.
  private LevelRuns runs;

  @BeforeEach
  void begin() throws IOException {
    run = folder.resolve("run");
    runs = new LevelRuns(folder);
  }

  @Test
  void aCircuitIsOfTheFeaturesOfOneDictionary() throws IOException {
    cotrace.succeeds(runs.discover(run, runs.level("heads together")));
    Path first = Files.move(run, folder.resolve("first"));
    changeWeights();
    String spec = first.resolve("spec.yaml").toString();
    String circuit = first.toString();
    String because = "is a circuit of other features than those of the model";
    cotrace.fails(because, "evaluate", circuit);
    cotrace.fails(because, "sample", "--config", spec, "--circuit", circuit);
    cotrace.fails(because, "compare", circuit, "full");
    cotrace.fails(because, "verify", circuit);
    cotrace.fails(because, "edges", circuit);
    cotrace.succeeds("discover", "--config", spec, "--out", run.toString());
    cotrace.fails(
        "of other features: only runs of the same units", "diff", circuit, run.toString());
  }

  /** The same weights read in another way are other features. */
  @Test
  void aCircuitIsOfTheFeaturesOfOneConfiguration() throws IOException {
    cotrace.succeeds(runs.discover(run, runs.level("features")));
    Path configuration = folder.resolve("topk-blocks.0.hook_mlp_out").resolve("cfg.json");
    Files.writeString(configuration, Files.readString(configuration).replace("\"k\":3", "\"k\":2"));
    cotrace.fails(
        "is a circuit of other features than those of the model: give the --dictionary that it",
        "evaluate",
        run.toString());
  }

  @Test
  void aRunIsNotDoneAgainWithAnotherConfiguration() throws IOException {
    cotrace.succeeds(runs.discover(run, runs.level("features")));
    Path configuration = folder.resolve("topk-blocks.0.hook_mlp_out").resolve("cfg.json");
    Files.writeString(configuration, Files.readString(configuration).replace("\"k\":3", "\"k\":2"));
    cotrace.fails("dictionary_sha256 was", "rerun", run.toString(), "--out", folder + "/again");
  }

  /** Of several dictionaries, one by one; of one, also as a YAML number. */
  @Test
  void whatFilesLeaveOpenIsTold() throws IOException {
    List<String> words = new ArrayList<>(runs.level("features"));
    Path dictionary = folder.resolve("topk-blocks.0.hook_mlp_out");
    Path configuration = dictionary.resolve("cfg.json");
    Files.writeString(
        configuration,
        Files.readString(configuration)
            .replace("hook_name", "name")
            .replace(
                "\"normalize_activations\":\"none\"",
                "\"normalize_activations\":\"expected_average_only_in\""));
    cotrace.fails("nothing says where in a model the input of", runs.discover(run, words));
    words.addAll(List.of("--hook", "blocks.0.hook_mlp_out,-"));
    cotrace.fails("tell it, as --input-scale on the command line", runs.discover(run, words));
    words.addAll(List.of("--input-scale", "0.5"));
    cotrace.fails(
        "expected 2, joined by commas, - for one whose files do, got 1", runs.discover(run, words));
    words.set(words.size() - 1, "half,-");
    cotrace.fails("expected --input-scale to be a number, got 'half'", runs.discover(run, words));
    words.set(words.size() - 1, "0.5,-");
    cotrace.succeeds(runs.discover(run, words));
    cotrace.succeeds("evaluate", run.toString(), "--sizes", "2");
    Path spec = Files.writeString(folder.resolve("one.yaml"), "input-scale: 0.5\n");
    words.subList(words.size() - 4, words.size()).clear();
    words.set(words.indexOf("--dictionary") + 1, dictionary.toString());
    words.addAll(List.of("--hook", "blocks.0.hook_mlp_out", "--config", spec.toString()));
    cotrace.succeeds(runs.discover(folder.resolve("one"), words));
  }

  /** As {@code cotrace means} measures them: of the same units, or none. */
  @ParameterizedTest
  @CsvSource({"neuron", "heads together", "stream"})
  void meansStandInForUnits(String what) throws IOException {
    String means = folder.resolve("means.safetensors").toString();
    List<String> words = new ArrayList<>(runs.level(what));
    words.addAll(List.of("--out", means));
    cotrace.succeeds(runs.words("means", words));
    List<String> more = new ArrayList<>(runs.level(what));
    more.addAll(List.of("--corruption", "mean", "--means", means));
    cotrace.succeeds(runs.discover(run, more));
    cotrace.succeeds("evaluate", run.toString(), "--sizes", "50%");
    if (!what.equals("stream")) {
      cotrace.succeeds("edges", run.toString(), "--top", "3");
    }
    if (!what.equals("neuron")) {
      changeWeights();
      cotrace.fails(
          "holds no means of these features: run cotrace means with the same --level and --dictionary",
          runs.discover(folder.resolve("changed"), more));
      cotrace.fails(
          "holds no means of these neurons: run cotrace means",
          runs.discover(
              folder.resolve("other"),
              List.of("--level", "neuron", "--corruption", "mean", "--means", means)));
    }
  }

  /** Of the only dictionary there is, by the last bit of one number. */
  private void changeWeights() throws IOException {
    try (var folders = Files.list(folder)) {
      Path weights =
          folders
              .map(path -> path.resolve("sae_weights.safetensors"))
              .filter(Files::exists)
              .findFirst()
              .orElseThrow();
      byte[] bytes = Files.readAllBytes(weights);
      bytes[bytes.length - 4] ^= 1;
      Files.write(weights, bytes);
    }
  }
}
