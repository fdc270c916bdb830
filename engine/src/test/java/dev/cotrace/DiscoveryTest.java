package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class DiscoveryTest {
  private static final Path MODEL =
      Path.of(
          System.getProperty("cotrace.root", ".."), "goldens", "transformers", "llama-gqa-tied");

  @TempDir Path folder;

  /** Asks for an end after some rollout groups. */
  private static final class Impatient implements DiscoveryListener {
    private final int patience;
    private int heard;

    Impatient(int patience) {
      this.patience = patience;
    }

    @Override
    public void progress(Progress progress) {
      heard += progress.done() > 0 ? 1 : 0;
    }

    @Override
    public boolean stopRequested() {
      return heard >= patience;
    }
  }

  @Test
  void aStoppedRunLeavesWholeLinesUnderATemporaryName() throws IOException {
    DiscoverySpec spec = spec();
    assertThatThrownBy(() -> Discovery.run(spec, new Impatient(5)))
        .isInstanceOf(CancellationException.class);
    assertThat(folder.resolve("run")).doesNotExist();
    List<String> lines = Files.readAllLines(folder.resolve("run.incomplete/rollouts.jsonl"));
    assertThat(lines).hasSize(2 + 5 * 2);
    assertThat(lines).allSatisfy(line -> new JsonMapper().readTree(line));
    assertThat(folder.resolve("run.incomplete")).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void progressCountsUpToWhatWasPlanned() throws IOException {
    List<DiscoveryListener.Progress> heard = new ArrayList<>();
    Discovery.run(
        spec(),
        new DiscoveryListener() {
          @Override
          public void progress(Progress progress) {
            heard.add(progress);
          }
        });
    assertThat(heard)
        .filteredOn(progress -> progress.done() == progress.planned())
        .extracting(DiscoveryListener.Progress::purpose)
        .startsWith("J(0) and J(1)", "gradients at 2 gate values")
        .hasSize(4);
    assertThat(heard.getLast().estimates()).containsOnlyKeys("J(C)");
  }

  private DiscoverySpec spec() throws IOException {
    Path task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    return SpecYaml.read(
        null,
        Map.of(
            "model",
            MODEL.toString(),
            "task",
            task.toString(),
            "out",
            folder.resolve("run").toString(),
            "max-new-tokens",
            3,
            "rollouts",
            2,
            "quadrature",
            "left",
            "points",
            2));
  }
}
