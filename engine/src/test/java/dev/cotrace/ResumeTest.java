package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.dictionary.TinyDictionary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Runs that are broken off anywhere and gone on with give what an unbroken run gives. */
class ResumeTest {
  private static final Path MODEL =
      Path.of(
          System.getProperty("cotrace.root", ".."), "goldens", "transformers", "llama-gqa-tied");

  private static final int WIDTH = 16;

  /** More processes than any run here needs. */
  private static final int MOST = 200;

  @TempDir Path folder;

  /** As abrupt as {@code kill -9}: nothing catches it, and nothing is saved. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  /** Ends a run when it has heard of enough jobs. */
  private static final class Mortal implements DiscoveryListener {
    private final boolean abruptly;
    private int left;
    private long done;

    Mortal(int left, boolean abruptly) {
      this.left = left;
      this.abruptly = abruptly;
    }

    @Override
    public void progress(Progress progress) {
      left -= progress.done() == done + 1 ? 1 : 0; // What was done before is heard of at once.
      done = progress.done();
      if (abruptly && left < 0) {
        throw new Killed();
      }
    }

    @Override
    public boolean stopRequested() {
      return !abruptly && left < 0;
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | 25 | bins: step ; reference: [teacher-forced, eap]",
        "2 | 25 | quadrature: adaptive ; points: 75 ; repeats: 2",
        "3 | 25 | allot: variance ; repeats: 4",
        "4 | 60 | until: 'stability=0.9@20,tokens=2000' ; repeats: 2",
        "5 | 350 | method: exact ; rollouts: 2 ; repeats: 1",
        "6 | 25 | estimator: branching ; branch-at: 'entropy:0.5' ; threads: 2",
        "7 | 8 | estimator: enumerate ; max-new-tokens: 1 ; points: 5",
        "8 | 25 | method: eap-ig-inputs ; threads: 2 ; batch-rows: 8",
        "9 | 25 | level: neuron ; bins: step ; until: 'stability=0.9@20,tokens=2000'",
        "10 | 25 | level: feature ; dictionary: DICTIONARY ; errors: kept ; bins: prompt-position"
      })
  void scoresAreThoseOfAnUnbrokenRun(long seed, int patience, String settings) throws IOException {
    Path whole = folder.resolve("whole");
    Discovery.run(spec(whole, settings), DiscoveryListener.SILENT);
    SplittableRandom random = new SplittableRandom(seed);
    for (boolean abruptly : List.of(false, true)) {
      Path broken = folder.resolve("broken-" + abruptly);
      Optional<DiscoveryResult> result =
          attempt(() ->
              Discovery.run(
                  spec(broken, settings),
                  new Mortal(random.nextInt(1, patience), abruptly),
                  often()));
      int processes = 1;
      for (; result.isEmpty() && processes < MOST; processes++) {
        result =
            attempt(() ->
                Discovery.resume(
                    broken, new Mortal(random.nextInt(1, patience), abruptly), often()));
      }
      assertThat(result).as("%d processes".formatted(processes)).isPresent();
      assertThat(processes).isGreaterThan(3);
      assertSame(broken, whole);
    }
  }

  private static Duration often() {
    return Duration.ZERO;
  }

  private interface Attempt {
    DiscoveryResult run() throws IOException;
  }

  private static Optional<DiscoveryResult> attempt(Attempt attempt) throws IOException {
    try {
      return Optional.of(attempt.run());
    } catch (CancellationException | Killed _) {
      return Optional.empty();
    }
  }

  private static void assertSame(Path actual, Path expected) throws IOException {
    for (String name :
        List.of("scores.safetensors", "clusters.safetensors", "circuit.json", "rollouts.jsonl")) {
      assertThat(actual.resolve(name)).as(name).hasSameBinaryContentAs(expected.resolve(name));
    }
    assertThat(metrics(actual)).isEqualTo(metrics(expected));
    assertThat(actual)
        .isDirectoryNotContaining("glob:**checkpoint")
        .isDirectoryNotContaining("glob:**lock");
  }

  /** All that does not tell how long it took. */
  private static ObjectNode metrics(Path run) throws IOException {
    ObjectNode metrics =
        (ObjectNode) new JsonMapper().readTree(Files.readString(run.resolve("metrics.json")));
    metrics.remove("seconds");
    return metrics;
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint/state", "checkpoint/results"})
  void aTornCheckpointIsRefused(String name) throws IOException {
    Path incomplete = broken("run");
    Path file = incomplete.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    SplittableRandom random = new SplittableRandom(name.hashCode());
    for (int i = 0; i < 20; i++) {
      byte[] torn = bytes.clone();
      torn[random.nextInt(torn.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, torn);
      assertRefused("run", "cannot go on from " + file);
      Files.write(file, java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      assertRefused("run", file.toString());
    }
    Files.write(file, bytes);
    Discovery.resume(folder.resolve("run"), DiscoveryListener.SILENT, often());
  }

  @Test
  void theCheckpointOfAnotherRunIsRefused() throws IOException {
    Path one = broken("one");
    Path other = broken("other");
    Files.copy(
        other.resolve("checkpoint/state"),
        one.resolve("checkpoint/state"),
        StandardCopyOption.REPLACE_EXISTING);
    assertRefused("one", "it is of another run");
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint/results", "rollouts.jsonl"})
  void aFileOfAnotherRunIsRefused(String name) throws IOException {
    Path one = broken("one");
    Path file = one.resolve(name);
    byte[] own = Files.readAllBytes(file);
    Files.copy(broken("other").resolve(name), file, StandardCopyOption.REPLACE_EXISTING);
    assertRefused("one", "cannot go on from " + file);
    Files.delete(file);
    assertRefused("one", "cannot go on from " + file);
    Files.write(file, own);
    Discovery.resume(folder.resolve("one"), DiscoveryListener.SILENT, often());
  }

  /** As a signal does: the thread that works stays interrupted until it ends. */
  @Test
  void anInterruptedRunSavesWhatItHasDone() throws IOException {
    Path run = folder.resolve("run");
    DiscoveryListener signalled =
        new DiscoveryListener() {
          private int asked;

          @Override
          public boolean stopRequested() {
            if (asked++ < 28) {
              return false;
            }
            Thread.currentThread().interrupt();
            return true;
          }
        };
    assertThat(attempt(() -> Discovery.run(spec(run, "seed: 3"), signalled, Duration.ofHours(1))))
        .isEmpty();
    assertThat(Thread.interrupted()).as("still interrupted").isTrue();
    List<Long> done = new ArrayList<>();
    Discovery.resume(
        run,
        new DiscoveryListener() {
          @Override
          public void progress(Progress progress) {
            done.add(progress.done());
          }
        },
        often());
    long skipped =
        IntStream.range(1, done.size())
            .mapToLong(i -> done.get(i) - done.get(i - 1))
            .max()
            .orElse(0);
    assertThat(skipped).as("gradients that were not taken again").isGreaterThan(5);
    Discovery.run(spec(folder.resolve("whole"), "seed: 3"), DiscoveryListener.SILENT);
    assertSame(run, folder.resolve("whole"));
  }

  @Test
  void otherInputsAreRefused() throws IOException {
    broken("run");
    Path task = folder.resolve("task.jsonl");
    Files.writeString(task, Files.readString(task) + "\n");
    assertRefused("run", "task_sha256 was");
  }

  @Test
  void whatHasNoCheckpointIsRefused() throws IOException {
    Files.delete(broken("run").resolve("checkpoint/state"));
    assertRefused("run", "has no checkpoint to go on from");
  }

  private void assertRefused(String name, String sentence) {
    assertThatThrownBy(
            () -> Discovery.resume(folder.resolve(name), DiscoveryListener.SILENT, often()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(sentence);
  }

  /** The incomplete directory of a run that was stopped. */
  private Path broken(String name) throws IOException {
    Path run = folder.resolve(name);
    int seed = name.length();
    assertThat(
            attempt(
                () -> Discovery.run(spec(run, "seed: " + seed), new Mortal(12, false), often())))
        .isEmpty();
    return folder.resolve(name + ".incomplete");
  }

  private DiscoverySpec spec(Path out, String settings) throws IOException {
    Path task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            {"clean_ids": [7, 4], "corrupted_ids": [7, 1], "answer_ids": [4]}
            """);
    List<String> lines =
        new ArrayList<>(
            List.of(
                "model: " + MODEL.toAbsolutePath(),
                "task: " + task,
                "objective: answer-logprob + kl",
                "max-new-tokens: 3",
                "rollouts: 3",
                "repeats: 2",
                "quadrature: left",
                "points: 4",
                "batch-rows: 6",
                "threads: 1"));
    Map<String, String> own = new HashMap<>();
    settings
        .replace("DICTIONARY", dictionary())
        .replace(" ; ", "\n")
        .lines()
        .map(String::strip)
        .forEach(setting -> own.put(key(setting), setting));
    lines.removeIf(line -> own.containsKey(key(line)));
    lines.addAll(own.values());
    Path yaml = Files.write(folder.resolve("spec.yaml"), lines);
    return SpecYaml.read(yaml, Map.of("out", out.toString()));
  }

  private String dictionary() throws IOException {
    String hook = "blocks.0.hook_mlp_out";
    return TinyDictionary.write(folder.resolve("dictionary"), "topk", hook, hook, WIDTH, 12)
        .toString();
  }

  private static String key(String setting) {
    return setting.substring(0, setting.indexOf(':'));
  }
}
