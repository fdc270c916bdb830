package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.dictionary.TinyDictionary;
import dev.cotrace.hub.FakeHub;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Models of the hub as users meet them: pulled from a local server, then used by name. */
class HubCommandsTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));
  private static final Path MODEL =
      ROOT.resolve("goldens").resolve("transformers").resolve("llama-gqa-tied");
  private static final JsonMapper JSON = new JsonMapper();

  /** Where the build has every test look for cached models. */
  private static final Path CACHE = Path.of(String.valueOf(System.getenv("HF_HUB_CACHE")));

  @TempDir Path folder;
  private final FakeHub server = FakeHub.start();
  private final Map<String, String> environment = new HashMap<>(server.environment(CACHE));
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void storeModel() throws IOException {
    emptyCache();
    server
        .small("config.json", Files.readString(MODEL.resolve("config.json")))
        .large("model.safetensors", Files.readAllBytes(MODEL.resolve("model.safetensors")));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    emptyCache();
  }

  private static void emptyCache() throws IOException {
    if (Files.exists(CACHE)) {
      try (Stream<Path> all = Files.walk(CACHE)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }

  @Test
  void pullSaysTheSizeThenThePath() throws IOException {
    long bytes =
        Files.size(MODEL.resolve("config.json")) + Files.size(MODEL.resolve("model.safetensors"));
    assertThat(run("pull", "org/name")).as(err.toString()).isZero();
    Path snapshot = CACHE.resolve("models--org--name/snapshots").resolve(FakeHub.COMMIT);
    assertThat(out.toString())
        .startsWith("org/name is commit 0123456: 2 files, ")
        .endsWith(snapshot + System.lineSeparator());
    assertThat(err.toString()).contains("model.safetensors: ", "/s");

    assertThat(run("pull", "org/name", "--json")).as(err.toString()).isZero();
    JsonNode json = JSON.readTree(out.toString());
    assertThat(json.get("commit").stringValue()).isEqualTo(FakeHub.COMMIT);
    assertThat(json.get("bytes").longValue()).isEqualTo(bytes);
    assertThat(json.get("fetched_bytes").longValue()).isZero();
    assertThat(json.get("files").toString()).isEqualTo("[\"config.json\",\"model.safetensors\"]");
  }

  @Test
  void aPulledModelIsUsedByNameAndARunRemembersItsCommit() throws IOException {
    assertThat(run("pull", "org/name")).as(err.toString()).isZero();
    Path run = folder.resolve("run");
    assertThat(run(discover("org/name", run))).as(err.toString()).isZero();
    JsonNode provenance = JSON.readTree(Files.readString(run.resolve("provenance.json")));
    assertThat(provenance.get("model_hub").toString())
        .isEqualTo(
            "{\"repository\":\"org/name\",\"revision\":\"main\",\"commit\":\"%s\"}"
                .formatted(FakeHub.COMMIT));
    assertThat(provenance.get("model_sha256").size()).isEqualTo(2);
    assertThat(run.resolve("spec.yaml"))
        .content()
        .contains("model: \"hf://org/name@" + FakeHub.COMMIT + "\"");

    assertThat(run("evaluate", run.toString(), "--sizes", "50%")).as(err.toString()).isZero();
    assertThat(run("compare", "full", run.toString())).as(err.toString()).isZero();
    assertThat(run("sample", "--config", run.resolve("spec.yaml").toString()))
        .as(err.toString())
        .isZero();
    String task = task().toString();
    String means = folder.resolve("means.safetensors").toString();
    assertThat(run("means", "--model", "hf://org/name", "--task", task, "--out", means))
        .as(err.toString())
        .isZero();
    assertThat(run("info", "org/name@" + FakeHub.COMMIT)).as(err.toString()).isZero();
    assertThat(out.toString()).contains("family           llama", "commit           0123456789");
    assertThat(run("logits", "org/name", "--ids", "3,4")).as(err.toString()).isZero();
    List<String> judged = new ArrayList<>(List.of(discover(MODEL.toString(), folder.resolve("j"))));
    judged.addAll(List.of("--objective", "judge", "--judge-model", "org/name"));
    judged.addAll(List.of("--judge-template", "{text}", "--judge-yes", "a", "--judge-no", "b"));
    assertThat(run(judged.toArray(String[]::new))).isEqualTo(2);
    assertThat(err.toString()).contains("--judge-model org/name has no tokenizer");
  }

  @Test
  void aPulledDictionaryIsUsedByNameAndItsCommitIsRemembered() throws IOException {
    String hook = "blocks.0.hook_mlp_out";
    Path own = TinyDictionary.write(folder.resolve("sae"), "topk", hook, hook, 16, 12);
    server
        .small("layer_0/cfg.json", Files.readString(own.resolve("cfg.json")))
        .large(
            "layer_0/sae_weights.safetensors",
            Files.readAllBytes(own.resolve("sae_weights.safetensors")));
    assertThat(run("pull", "org/name", "--include", "layer_0/*")).as(err.toString()).isZero();
    Path run = folder.resolve("features");
    List<String> words = new ArrayList<>(List.of(discover(MODEL.toString(), run)));
    words.addAll(List.of("--level", "feature", "--dictionary", "hf://org/name/layer_0"));
    assertThat(run(words.toArray(String[]::new))).as(err.toString()).isZero();
    assertThat(run.resolve("spec.yaml"))
        .content()
        .contains("hf://org/name@" + FakeHub.COMMIT + "/layer_0");
    words.set(words.size() - 1, "hf://org/name/layer_1");
    words.set(words.indexOf(run.toString()), folder.resolve("other").toString());
    assertThat(run(words.toArray(String[]::new))).isEqualTo(2);
    assertThat(err.toString()).contains("layer_1").contains("cotrace pull");
  }

  @Test
  void nothingButPullAsksTheHub() throws IOException {
    assertThat(run("pull", "org/name")).as(err.toString()).isZero();
    assertThat(run("sample", "--model", "hf://org/name", "--task", task().toString())).isZero();
    assertThat(server.seen().size()).as("nothing but pull asks the hub").isEqualTo(seenByOnePull());
  }

  private static int seenByOnePull() {
    return 1 + 2 + 1 + 2 + 2; // Listing; facts, with a redirect for the small file; content.
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          org/name                | org/name does not exist here, and is not in the hub cache | run cotrace pull org/name if it is
          org/name@v1             | org/name@v1 is not in the hub cache           | run cotrace pull org/name@v1
          hf://org/name/a.gguf    | is not in the hub cache                       | run cotrace pull hf://org/name@main/a.gguf
          hf://datasets/org/name  | expected a model such as hf://org/name        | got 'hf://datasets/org/name'
          /no/where               | /no/where does not exist                      | cotrace
          """)
  void aModelThatIsNotHereIsAskedFor(String model, String said, String cure) throws IOException {
    assertThat(run(discover(model, folder.resolve("run")))).isEqualTo(2);
    assertThat(err.toString()).contains("cotrace: ", said, cure).doesNotContain("\tat ");
    assertThat(run("info", model)).isEqualTo(2);
    assertThat(err.toString()).contains(said, cure);
    assertThat(folder.resolve("run")).doesNotExist();
    assertThat(server.seen()).isEmpty();
  }

  @Test
  void anExistingPathGoesFirst() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    String relative = here.relativize(MODEL.toAbsolutePath()).toString();
    assertThat(run("info", relative)).as(err.toString()).isZero();
    assertThat(out.toString()).doesNotContain("commit");
  }

  @Test
  void whatCannotBePulledIsExitCodeTwo() {
    environment.put("HF_HUB_OFFLINE", "1");
    assertThat(run("pull", "org/name")).isEqualTo(2);
    assertThat(err.toString()).contains("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids it");
    environment.remove("HF_HUB_OFFLINE");
    environment.put("HF_ENDPOINT", server.environment(CACHE).get("HF_ENDPOINT") + "/elsewhere");
    assertThat(run("pull", "org/name")).isEqualTo(2);
    assertThat(err.toString()).contains("/elsewhere/org/name");
    assertThat(run("pull", "./org/name")).isEqualTo(2);
    assertThat(err.toString()).contains("expected a model of the hub such as org/name");
    assertThat(run("pull", "org/name", "--gguf", "a.gguf", "--include", "*")).isEqualTo(2);
  }

  @Test
  void aServerThatCannotBeReachedIsExitCodeOne() {
    server.close();
    assertThat(run("pull", "org/name")).isEqualTo(1);
    assertThat(err.toString())
        .contains("cannot be reached (no connection)", "try again later")
        .doesNotContain("bug");
  }

  @Test
  void anInterruptedPullSaysWhatIsKept() {
    Interruption interruption = new Interruption();
    interruption.request();
    assertThat(run(interruption, "pull", "org/name")).isEqualTo(130);
    assertThat(interruption.report()).contains("what came is kept");
  }

  @Test
  void modelsListsWhatIsBuiltInAndWhatIsCached() throws IOException {
    assertThat(run("models")).as(err.toString()).isZero();
    assertThat(out.toString())
        .containsPattern("models/arithmetic +1\\.[67] MB +llama")
        .contains("Of the hub, in " + CACHE, "  none");
    assertThat(run("pull", "org/name")).as(err.toString()).isZero();
    Path broken = CACHE.resolve("models--org--broken/snapshots").resolve("b".repeat(40));
    Files.createDirectories(broken);
    Files.writeString(broken.resolve("config.json"), "{\"model_type\": \"bert\"}");
    Path ggufs = CACHE.resolve("models--org--ggufs/snapshots").resolve("c".repeat(40));
    Files.createDirectories(ggufs);
    Files.writeString(ggufs.resolve("one.gguf"), "no GGUF");
    Files.writeString(ggufs.resolve("two.gguf"), "");

    assertThat(run("models", "--json")).as(err.toString()).isZero();
    JsonNode cached = JSON.readTree(out.toString()).get("cached");
    assertThat(cached)
        .extracting(each -> each.get("name").stringValue())
        .containsExactly(
            "org/broken@" + "b".repeat(40),
            "hf://org/ggufs@" + "c".repeat(40) + "/one.gguf",
            "hf://org/ggufs@" + "c".repeat(40) + "/two.gguf",
            "org/name");
    assertThat(cached.get(0).get("family").stringValue()).isEqualTo("bert");
    assertThat(cached.get(0).get("problem").stringValue()).contains("bert is not supported");
    assertThat(cached.get(1).get("problem").stringValue()).contains("one.gguf, byte 0");
    assertThat(cached.get(3).get("family").stringValue()).isEqualTo("llama");
    assertThat(cached.get(3).get("problem").isNull()).isTrue();
    assertThat(cached.get(3).get("commit").stringValue()).isEqualTo(FakeHub.COMMIT);
    assertThat(cached.get(3).get("refs").toString()).isEqualTo("[\"main\"]");
    assertThat(run("models")).as(err.toString()).isZero();
    assertThat(out.toString())
        .containsPattern("org/name +[0-9.]+ kB +0123456 +llama +" + CACHE)
        .contains("cannot be used: ");
  }

  private String[] discover(String model, Path run) throws IOException {
    return new String[] {
      "discover",
      "--model",
      model,
      "--task",
      task().toString(),
      "--out",
      run.toString(),
      "--rollouts",
      "2",
      "--quadrature",
      "midpoint",
      "--points",
      "2"
    };
  }

  private Path task() throws IOException {
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 2\n");
    return Files.writeString(
        folder.resolve("task.jsonl"),
        """
        {"clean_ids": [3, 4], "corrupted_ids": [3, 9], "answer_ids": [7]}
        {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
        """);
  }

  private int run(String... arguments) {
    return run(new Interruption(), arguments);
  }

  private int run(Interruption interruption, String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.commandLine(interruption, environment)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}
