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

/** Training dictionaries and looking at their features, as users meet it. */
class DictionaryCommandsTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));
  private static final String BARE =
      ROOT.resolve("goldens").resolve("transformers").resolve("llama-gqa-tied").toString();
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir Path folder;
  private String task = "";
  private final Cotrace cotrace = new Cotrace();

  @BeforeEach
  void writeTask() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [30, 4, 12, 8], "corrupted_ids": [30, 5, 12, 8], "answer_ids": [1]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\n");
    task = file.toString();
  }

  @Test
  void whatWasTrainedIsThereWithItsFiguresAndItsFeaturesCanBeSeen() throws IOException {
    Path made = folder.resolve("made");
    assertThat(train(made, "--json")).as(cotrace.err()).isZero();
    assertThat(cotrace.err())
        .contains("explained variance", "active features (L0)    2.00", "added by its output");
    JsonNode figures = JSON.readTree(cotrace.out());
    assertThat(figures.at("/features").intValue()).isEqualTo(24);
    assertThat(figures.at("/active_features").doubleValue()).isEqualTo(2);
    assertThat(figures.at("/loss/stderr").isNull()).as("a single pair is held out").isTrue();
    assertThat(figures.at("/explained_variance").doubleValue()).isBetween(0.0, 1.0);
    assertThat(made)
        .isDirectoryContaining("glob:**cfg.json")
        .isDirectoryContaining("glob:**sae_weights.safetensors")
        .isDirectoryContaining("glob:**training.json");
    assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
    JsonNode facts = JSON.readTree(Files.readString(made.resolve("training.json")));
    assertThat(facts.at("/measured/explained_variance").doubleValue())
        .isEqualTo(figures.at("/explained_variance").doubleValue());

    assertThat(features(made, "--top", "3", "--contexts", "2")).as(cotrace.err()).isZero();
    assertThat(cotrace.out())
        .contains("of 24 features of blocks.0.hook_mlp_out are active in 3")
        .containsPattern("feature \\d+: active at [0-9.]+ % of positions, by ")
        .containsPattern("  [0-9.]+  (\\d+ )*\\[\\d+\\]( \\d+)*\n");

    assertThat(features(made, "--feature", "5,7", "--json")).isZero();
    JsonNode report = JSON.readTree(cotrace.out());
    assertThat(report.at("/shown/0/feature").intValue()).isEqualTo(5);
    assertThat(report.at("/shown/1/feature").intValue()).isEqualTo(7);
    assertThat(report.at("/hook").stringValue()).isEqualTo("blocks.0.hook_mlp_out");
  }

  @Test
  void theSameCommandGivesTheSameBytesAndNothingIsOverwritten() throws IOException {
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    assertThat(train(first)).as(cotrace.err()).isZero();
    assertThat(train(second)).isZero();
    assertThat(second.resolve("sae_weights.safetensors"))
        .hasSameBinaryContentAs(first.resolve("sae_weights.safetensors"));
    assertThat(train(first)).isEqualTo(2);
    assertThat(cotrace.err()).contains("first already exists; give another --out or remove it");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --hook blocks.9.hook_mlp_out        | expected a layer from 0 to
          --hook hook_embed                   | expected a hook blocks.LAYER.NAME where NAME is
          --kind relu                         | --kind must be topk or transcoder, got 'relu'
          --kind transcoder                   | a transcoder reads what an MLP reads
          --sparsity 0.1                      | --sparsity is for --kind transcoder, and this is topk: leave it out
          --k 30                              | --k must be at most --features, 24, got 30
          --features 1000000000               | 1,000,000,000 features and 300 activations at
          --learning-rate 1e9                 | training led to numbers that are none
          --tokens 0                          | --tokens must be at least 1, got 0
          --tokens 100000000 --memory 1M      | 24 features and 100,000,000 activations at blocks.0.hook_mlp_out need
          --limit 1                           | a dictionary is measured on pairs that it was not trained on
          """)
  void whatCannotBeTrainedLeavesNothing(String more, String said) {
    Path made = folder.resolve("made");
    assertThat(train(made, more.split(" "))).isEqualTo(2);
    assertThat(cotrace.err()).contains(said).doesNotContain("this is a bug");
    assertThat(folder).isDirectoryNotContaining("glob:**made*");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --feature 192                       | expected --feature from 0 to 191, got 192
          --contexts 0                        | --contexts must be at least 1, got 0
          --hook blocks.0.hook_mlp_out        | blocks.1.hook_resid_post
          --model BARE                        | which the model lacks
          """)
  void featuresThatCannotBeShownAreRefused(String more, String said) {
    Path dictionary = ROOT.resolve("models/dictionaries/arithmetic-resid1");
    assertThat(builtIn(dictionary, more.replace("BARE", BARE).split(" "))).isEqualTo(2);
    assertThat(cotrace.err()).contains(said).doesNotContain("this is a bug");
  }

  @ParameterizedTest
  @CsvSource({"arithmetic-resid1, 192", "arithmetic-mlp1-transcoder, 128"})
  void featuresOfTheBuiltInDictionariesAreShownAsText(String name, int count) {
    Path dictionary = ROOT.resolve("models/dictionaries").resolve(name);
    assertThat(builtIn(dictionary, "--top", "4")).as(cotrace.err()).isZero();
    assertThat(cotrace.out())
        .contains("of %d features".formatted(count))
        .containsPattern("\\[[0-9SHh:>;=]\\]");
  }

  private int train(Path made, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of("train-sae", "--model", BARE, "--task", task, "--out", made.toString()));
    List<String> given = List.of(more);
    add(arguments, given, "--hook", "blocks.0.hook_mlp_out");
    add(arguments, given, "--features", "24");
    add(arguments, given, "--tokens", "300");
    if (!given.contains("transcoder")) {
      add(arguments, given, "--k", "2");
    }
    arguments.addAll(List.of("--steps", "20", "--batch", "16", "--threads", "1"));
    arguments.addAll(given);
    return run(arguments);
  }

  private static void add(List<String> arguments, List<String> given, String flag, String value) {
    if (!given.contains(flag)) {
      arguments.addAll(List.of(flag, value));
    }
  }

  private int features(Path dictionary, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "features",
                dictionary.toString(),
                "--model",
                BARE,
                "--task",
                task,
                "--tokens",
                "300"));
    arguments.addAll(List.of(more));
    return run(arguments);
  }

  private int builtIn(Path dictionary, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("features", dictionary.toString(), "--tokens", "600"));
    List<String> given = List.of(more);
    add(arguments, given, "--model", ROOT.resolve("models/arithmetic").toString());
    Path tasks = ROOT.resolve("models/tasks");
    add(
        arguments,
        given,
        "--task",
        given.contains("--model") ? task : tasks.resolve("arithmetic-mixed.jsonl").toString());
    arguments.addAll(given);
    return run(arguments);
  }

  private int run(List<String> arguments) {
    return cotrace.run(arguments.toArray(String[]::new));
  }
}
