package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs whose jobs several processes share. */
class ShardTest {
  private static final Path MODEL =
      Path.of(
          System.getProperty("cotrace.root", ".."), "goldens", "transformers", "llama-gqa-tied");

  /** Of the largest score: sums of float64 in another order. */
  private static final double ROUNDING = 1e-12;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "2, ig-gates, sampled, 2, edge",
    "3, ig-gates, branching, 1, edge",
    "6, eap-ig-inputs, sampled, 2, edge",
    "2, exact, sampled, 1, edge",
    "3, ig-gates, enumerate, 1, edge",
    "2, ig-gates, sampled, 2, neuron",
    "3, eap-ig-inputs, sampled, 1, head",
    "2, exact, sampled, 1, mlp"
  })
  void mergedTheyGiveTheScoresOfOneProcess(
      int count, String method, String estimator, int repeats, String level) throws IOException {
    Map<String, Object> settings = new HashMap<>(Map.of("method", method, "repeats", repeats));
    settings.put("estimator", estimator);
    settings.put("level", level);
    settings.put("max-new-tokens", estimator.equals("enumerate") ? 1 : 3);
    settings.put(
        "bins", method.equals("ig-gates") && !estimator.equals("branching") ? "step" : "none");
    if (method.equals("ig-gates")) {
      settings.put("reference", List.of("teacher-forced", "eap"));
    }
    if (estimator.equals("branching")) {
      settings.put("branch-at", "entropy:0.5");
    }
    DiscoveryResult whole = Discovery.run(spec("whole", settings), DiscoveryListener.SILENT);
    List<Path> shards = new ArrayList<>();
    for (int index = 1; index <= count; index++) {
      shards.add(shard(index + "/" + count, settings));
    }
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(count);
    Collections.shuffle(shards, random);
    DiscoveryResult merged = Merge.run(shards, folder.resolve("merged"), DiscoveryListener.SILENT);

    assertSame(merged.attribution(), whole.attribution());
    assertThat(merged.circuit().members()).isEqualTo(whole.circuit().members());
    assertThat(merged.circuitFaithfulness().circuit().value())
        .isCloseTo(whole.circuitFaithfulness().circuit().value(), offset(ROUNDING));
    assertThat(merged.references().scores()).hasSameSizeAs(whole.references().scores());
    for (int i = 0; i < whole.references().scores().size(); i++) {
      assertSame(
          merged.references().scores().get(i).scores(),
          whole.references().scores().get(i).scores());
    }
    assertThat(Files.readAllLines(folder.resolve("merged/rollouts.jsonl")))
        .hasSameSizeAs(Files.readAllLines(folder.resolve("whole/rollouts.jsonl")));
    if (!method.equals("exact")) {
      assertThat(rolloutsOf("merged")).isEqualTo(rolloutsOf("whole"));
    }
  }

  /** What was sampled, without the numbers that depend on rounding. */
  private List<String> rolloutsOf(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name + "/rollouts.jsonl")).stream()
        .map(line -> line.replaceAll("[,:\\[]-?[0-9]+\\.[0-9eE.,-]+", ""))
        .toList();
  }

  private static void assertSame(Attribution actual, Attribution expected) {
    assertThat(actual.sampledTokens()).isEqualTo(expected.sampledTokens());
    assertThat(actual.clusters()).isEqualTo(expected.clusters());
    assertThat(actual.clean().value()).isCloseTo(expected.clean().value(), offset(ROUNDING));
    assertThat(actual.corrupted().value())
        .isCloseTo(expected.corrupted().value(), offset(ROUNDING));
    assertSame(actual.total(), expected.total());
    assertSame(actual.direct(), expected.direct());
    assertSame(actual.throughCot(), expected.throughCot());
    assertThat(actual.byBin()).hasSameSizeAs(expected.byBin());
    for (int bin = 0; bin < expected.byBin().size(); bin++) {
      assertSame(actual.byBin().get(bin).total(), expected.byBin().get(bin).total());
    }
  }

  private static void assertSame(Scores actual, Scores expected) {
    double largest = 1;
    for (double value : expected.values()) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(actual.values()).containsExactly(expected.values(), offset(ROUNDING * largest));
    assertThat(actual.standardErrors())
        .containsExactly(expected.standardErrors(), offset(ROUNDING * largest));
  }

  @Test
  void aShardThatWasStoppedIsGoneOnWith() throws IOException {
    shard("1/2", Map.of());
    Path second = folder.resolve("second");
    DiscoveryListener stopping =
        new DiscoveryListener() {
          private int heard;

          @Override
          public boolean stopRequested() {
            return heard++ > 8;
          }
        };
    Duration often = Duration.ZERO;
    assertThatThrownBy(() -> ShardRun.run(spec("second", Map.of()), "2/2", stopping, often))
        .isInstanceOf(CancellationException.class);
    assertThat(ShardRun.isIn(second)).isTrue();
    assertThatThrownBy(() -> merge("shard-1", "second"))
        .hasMessageContaining("is not finished; go on with it by cotrace discover --resume");
    ShardRun run = ShardRun.resume(second, DiscoveryListener.SILENT, often);
    assertThat(run.shard()).isEqualTo("2/2");
    DiscoveryResult whole = Discovery.run(spec("whole", Map.of()), DiscoveryListener.SILENT);
    assertSame(merge("shard-1", "second").attribution(), whole.attribution());
  }

  @Test
  void missingDoubleAndForeignShardsAreNamed() throws IOException {
    shard("1/3", Map.of());
    shard("2/3", Map.of());
    assertThatThrownBy(() -> merge("shard-1", "shard-2"))
        .hasMessageContaining("missing: shard 3/3");
    assertThatThrownBy(() -> merge("shard-1", "shard-2", "shard-1"))
        .hasMessageContaining("are both shard 1/3");
    ShardRun.run(spec("other", Map.of("seed", 9)), "3/3", DiscoveryListener.SILENT, Duration.ZERO);
    assertThatThrownBy(() -> merge("shard-1", "shard-2", "other"))
        .hasMessageContaining("are shards of different runs: their spec.yaml differ");
    ShardRun.run(spec("half", Map.of()), "2/2", DiscoveryListener.SILENT, Duration.ZERO);
    assertThatThrownBy(() -> merge("shard-1", "half"))
        .hasMessageContaining("parts of different divisions");
    Discovery.run(spec("whole", Map.of()), DiscoveryListener.SILENT);
    assertThatThrownBy(() -> merge("whole"))
        .hasMessageContaining("is not the directory of a shard");
    Path state = folder.resolve("shard-2/checkpoint/state");
    byte[] bytes = Files.readAllBytes(state);
    bytes[bytes.length / 2] ^= 1;
    Files.write(state, bytes);
    assertThatThrownBy(() -> merge("shard-1", "shard-2"))
        .hasMessageContaining("torn or was changed");
    assertThat(folder.resolve("merged")).doesNotExist();
    assertThat(folder.resolve("merged.incomplete")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint/results", "rollouts.jsonl"})
  void filesOfAnotherShardAndTornOnesAreRefused(String name) throws IOException {
    shard("1/2", Map.of());
    shard("2/2", Map.of());
    Path file = folder.resolve("shard-2").resolve(name);
    byte[] own = Files.readAllBytes(file);
    Files.write(file, Files.readAllBytes(folder.resolve("shard-1").resolve(name)));
    assertThatThrownBy(() -> merge("shard-1", "shard-2"))
        .hasMessageContaining("cannot go on from " + file);
    Files.write(file, Arrays.copyOf(own, own.length - 100));
    assertThatThrownBy(() -> merge("shard-1", "shard-2"))
        .hasMessageContaining(file + ": it should have at least");
  }

  @ParameterizedTest
  @CsvSource({
    "quadrature, adaptive, 1/2, those of --quadrature adaptive follow",
    "repeats, 3, 1/2, beyond 2 --repeats",
    "until, minutes=1, 1/2, those of --until",
    "method, random, 1/2, --method random has no work to share",
    "repeats, 2, 7/7, '7 shards cannot share 3 pairs times 2 rounds; use 6 at most'"
  })
  void workThatCannotBeSharedIsRefused(String key, String value, String shard, String sentence)
      throws IOException {
    Map<String, Object> settings = new HashMap<>(Map.of("points", 60, "repeats", 2));
    settings.put(key, value.matches("[0-9]+") ? (Object) Integer.valueOf(value) : value);
    DiscoverySpec spec = spec("run", settings);
    assertThatThrownBy(() -> ShardRun.run(spec, shard, DiscoveryListener.SILENT, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(sentence);
    assertThat(folder.resolve("run.incomplete")).doesNotExist();
  }

  private DiscoveryResult merge(String... names) throws IOException {
    List<Path> shards = Arrays.stream(names).map(folder::resolve).toList();
    return Merge.run(shards, folder.resolve("merged"), DiscoveryListener.SILENT);
  }

  private Path shard(String shard, Map<String, Object> settings) throws IOException {
    String name = "shard-" + shard.charAt(0);
    return ShardRun.run(spec(name, settings), shard, DiscoveryListener.SILENT, Duration.ZERO)
        .path();
  }

  private DiscoverySpec spec(String out, Map<String, Object> own) throws IOException {
    Path task = folder.resolve("task.jsonl");
    if (!Files.exists(task)) {
      Files.writeString(
          task,
          """
          {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
          {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
          {"clean_ids": [7, 4], "corrupted_ids": [7, 1], "answer_ids": [4]}
          """);
    }
    Map<String, Object> flags =
        new HashMap<>(
            Map.of(
                "model",
                MODEL.toAbsolutePath().toString(),
                "task",
                task.toString(),
                "objective",
                "answer-logprob + kl",
                "max-new-tokens",
                3,
                "rollouts",
                3,
                "repeats",
                2,
                "quadrature",
                "left",
                "points",
                3,
                "dtype",
                "float64",
                "out",
                folder.resolve(out).toString()));
    flags.putAll(own);
    return SpecYaml.read(null, flags);
  }
}
