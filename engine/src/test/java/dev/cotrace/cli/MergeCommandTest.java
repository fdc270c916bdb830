package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code discover --shard} and {@code merge} as users meet them. */
class MergeCommandTest {
  private static final String MODEL =
      Path.of(System.getProperty("cotrace.root", ".."))
          .resolve("goldens/transformers/llama-gqa-tied")
          .toString();

  @TempDir private Path folder;
  private final Cotrace cotrace = new Cotrace();

  private int shard(String shard, Path to) throws IOException {
    Path task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [5, 4], "corrupted_ids": [5, 9], "answer_ids": [2]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    return cotrace.run(
        "discover",
        "--model",
        MODEL,
        "--task",
        task.toString(),
        "--max-new-tokens",
        "2",
        "--rollouts",
        "2",
        "--quadrature",
        "left",
        "--points",
        "2",
        "--shard",
        shard,
        "--out",
        to.toString(),
        "--json");
  }

  @Test
  void shardsAreMergedIntoARun() throws IOException {
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    assertThat(shard("1/2", one)).as(cotrace.err()).isZero();
    assertThat(new JsonMapper().readTree(cotrace.out()).path("shard").asString()).isEqualTo("1/2");
    assertThat(cotrace.err()).contains("Shard 1/2 is done").contains("cotrace merge");
    assertThat(cotrace.run("merge", one.toString())).isEqualTo(2);
    assertThat(cotrace.err())
        .isEqualToIgnoringNewLines(
            "cotrace: missing: shard 2/2; cotrace discover --shard makes it");

    assertThat(shard("2/2", two)).as(cotrace.err()).isZero();
    Path both = folder.resolve("both");
    assertThat(
            cotrace.run(
                "merge", two.toString(), one.toString(), "--out", both.toString(), "--json"))
        .as(cotrace.err())
        .isZero();
    JsonNode json = new JsonMapper().readTree(cotrace.out());
    assertThat(json.path("run").asString()).isEqualTo(both.toString());
    assertThat(json.path("pairs").asInt()).isEqualTo(2);
    assertThat(both)
        .isDirectoryContaining("glob:**/scores.safetensors")
        .isDirectoryContaining("glob:**/metrics.json")
        .isDirectoryNotContaining("glob:**/checkpoint");
    for (String command : new String[] {"show", "report"}) {
      assertThat(cotrace.run(command, both.toString())).as(cotrace.err()).isZero();
    }
  }

  @Test
  void whatIsNoShardIsRefused() throws IOException {
    for (String shard : new String[] {"0/2", "3/2", "half", "1/0"}) {
      assertThat(shard(shard, folder.resolve("one"))).as(shard).isEqualTo(2);
      assertThat(cotrace.err()).contains("a shard is i/n").doesNotContain("\tat ");
    }
    assertThat(cotrace.run("discover", "--resume", "nowhere", "--seed", "1")).isEqualTo(2);
    assertThat(cotrace.err()).contains("leave out all other settings, such as --seed");
    assertThat(cotrace.run("discover", "--resume", "nowhere")).isEqualTo(2);
    assertThat(cotrace.err()).contains("there is no run to go on with");
    assertThat(cotrace.run("discover", "--checkpoint-every", "-1")).isEqualTo(2);
    assertThat(cotrace.err()).contains("--checkpoint-every must be at least 0");
  }
}
