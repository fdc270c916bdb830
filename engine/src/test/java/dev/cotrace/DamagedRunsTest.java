package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.circuit.ScorePart;
import dev.cotrace.format.Damage;
import dev.cotrace.format.JsonMutations;
import dev.cotrace.format.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Directories of runs whose files were damaged: each is read, or refused in a sentence. */
class DamagedRunsTest {
  private static final int TIMES = Damage.times(10_000);

  /** Of so many readings one makes the page. */
  private static final int PAGES = 20;

  @TempDir static Path folder;

  private static Path run() {
    return folder.resolve("run");
  }

  /** Stops a run in its middle. */
  private static final class Stopping implements DiscoveryListener {
    private int asked;

    @Override
    public boolean stopRequested() {
      return asked++ > 12;
    }
  }

  @BeforeAll
  static void discover() throws IOException {
    Path task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    Discovery.run(spec(task, run()), DiscoveryListener.SILENT);
    CircuitSource source = CircuitSource.of(run());
    CircuitSweep.run(
        spec(task, run()),
        source.file(),
        new SweepSettings(List.of(CircuitSize.parse("4")), 1, 1, run().resolve("evaluation")),
        DiscoveryListener.SILENT);
    Verification.run(
        spec(task, run()),
        source,
        new Verification.Choice(2, 1, 1, run().resolve("verification")),
        DiscoveryListener.SILENT);
    try {
      Discovery.run(spec(task, folder.resolve("broken")), new Stopping(), Duration.ZERO);
    } catch (CancellationException _) {
      assertThat(checkpoint("state")).exists();
    }
  }

  private static DiscoverySpec spec(Path task, Path out) throws IOException {
    Path model = Path.of(System.getProperty("cotrace.root", ".."));
    return SpecYaml.read(
        null,
        Map.of(
            "model",
            model.resolve("goldens/transformers/llama-gqa-tied").toString(),
            "task",
            task.toString(),
            "out",
            out.toString(),
            "objective",
            "answer-logprob + exact-match",
            "bins",
            "step",
            "max-new-tokens",
            2,
            "rollouts",
            2,
            "quadrature",
            "left",
            "points",
            2));
  }

  private static Path checkpoint(String name) {
    return folder.resolve("broken.incomplete/checkpoint").resolve(name);
  }

  private interface Reading {
    void read(SplittableRandom random) throws IOException;
  }

  /** Fails on any error but a sentence on the input. */
  private static void survive(long seed, Reading reading) {
    SplittableRandom random = new SplittableRandom(seed);
    int refused = 0;
    for (int i = 0; i < TIMES; i++) {
      try {
        reading.read(random);
      } catch (IOException expected) {
        refused++;
      } catch (RuntimeException e) {
        if (!BadInput.is(e)) {
          throw new AssertionError("seed %d, reading %d".formatted(seed, i), e);
        }
        assertThat(e.getMessage()).isNotBlank().doesNotContain("REDACTED");
        refused++;
      } catch (StackOverflowError | OutOfMemoryError e) {
        throw new AssertionError("seed %d, reading %d".formatted(seed, i), e);
      }
    }
    assertThat(refused).as("refused").isBetween(TIMES / 100, TIMES);
  }

  @ParameterizedTest
  @CsvSource({
    "metrics.json, /method",
    "evaluation/evaluation.json, /circuits",
    "verification/verification.json, /interventions"
  })
  void whatHoldsNothingIsRefusedByShowAndPage(String name, String missing) throws IOException {
    Path file = run().resolve(name);
    byte[] original = Files.readAllBytes(file);
    try {
      for (String empty : List.of("", "[]", "{}", "null", "{\"method\": 3}")) {
        Files.writeString(file, empty);
        assertThatThrownBy(() -> RunReport.html(run()))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(file.toString())
            .hasMessageContaining(missing);
      }
    } finally {
      Files.write(file, original);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, spec.yaml",
    "2, circuit.json",
    "3, metrics.json",
    "4, provenance.json",
    "9, evaluation/evaluation.json",
    "10, verification/verification.json"
  })
  void filesOfRunsAreReadOrRefused(long seed, String name) throws IOException {
    Path file = run().resolve(name);
    byte[] original = Files.readAllBytes(file);
    boolean json = name.endsWith(".json");
    try {
      survive(
          seed,
          random -> {
            Files.write(
                file,
                json && random.nextBoolean()
                    ? JsonMutations.damage(new String(original, StandardCharsets.UTF_8), random)
                        .getBytes(StandardCharsets.UTF_8)
                    : Mutations.damage(original, random));
            FinishedRun.read(run());
            if (random.nextInt(PAGES) == 0) {
              RunReport.html(run());
            }
          });
    } finally {
      Files.write(file, original);
    }
  }

  @Test
  void rolloutsAreReadOrRefused() throws IOException {
    Path file = run().resolve("rollouts.jsonl");
    List<String> lines = Files.readAllLines(file);
    DiscoverySpec spec = SpecYaml.read(run().resolve("spec.yaml"), Map.of());
    StoredTranscript.Choice shown =
        new StoredTranscript.Choice(0, null, TokenMeasure.MASS, ScorePart.TOTAL);
    try {
      survive(
          5,
          random -> {
            String[] damaged = lines.toArray(String[]::new);
            int at = random.nextInt(damaged.length);
            damaged[at] = JsonMutations.damage(damaged[at], random);
            byte[] bytes = String.join("\n", damaged).getBytes(StandardCharsets.UTF_8);
            Files.write(file, random.nextInt(3) == 0 ? Mutations.damage(bytes, random) : bytes);
            CleanTranscripts.read(file, spec);
            RolloutSeries.read(file, false);
            TranscriptSearch.find(run(), shown);
            if (random.nextInt(PAGES) == 0) {
              RunReport.html(run());
            }
          });
    } finally {
      Files.write(file, String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Damage that the checksum would show; and damage behind a checksum that is right again. */
  @Test
  void statesAreReadOrRefused() throws IOException {
    byte[] original = Files.readAllBytes(checkpoint("state"));
    byte[] body = Arrays.copyOf(original, original.length - 32);
    String run = Provenance.run(folder.resolve("broken.incomplete"));
    Path file = folder.resolve("state");
    survive(
        6,
        random -> {
          byte[] damaged = Mutations.damage(body, random);
          byte[] sum = dev.cotrace.format.Sha256.digest().digest(damaged);
          byte[] whole = Arrays.copyOf(damaged, damaged.length + 32);
          System.arraycopy(sum, 0, whole, damaged.length, 32);
          Files.write(file, random.nextInt(4) == 0 ? Mutations.damage(original, random) : whole);
          CheckpointState.read(file, run);
        });
  }

  @Test
  void resultsAreReadOrRefused() throws IOException {
    byte[] original = Files.readAllBytes(checkpoint("results"));
    Path file = folder.resolve("results");
    survive(
        7,
        random -> {
          Files.write(file, Mutations.damage(original, random));
          new CheckpointResults().read(file, original.length);
        });
  }

  @Test
  void shardsAreReadOrRefused() throws IOException {
    Path file = folder.resolve(ShardFile.NAME);
    survive(
        8,
        random -> {
          Files.write(
              file,
              Mutations.damage(
                  "{\"shard\":1,\"of\":2}\n".getBytes(StandardCharsets.UTF_8), random));
          ShardFile.read(folder);
        });
  }
}
