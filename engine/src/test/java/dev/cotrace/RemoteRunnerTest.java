package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.attribution.Remote;
import dev.cotrace.attribution.RemoteRunner;
import dev.cotrace.attribution.RemoteTask;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs that others do, in any order, give what this process would have given. */
class RemoteRunnerTest {
  private static final Path MODEL =
      Path.of(
          System.getProperty("cotrace.root", ".."), "goldens", "transformers", "llama-gqa-tied");

  /** Of the largest score: sums of float64 in another order. */
  private static final double ROUNDING = 1e-12;

  @TempDir Path folder;

  /** Does tasks in another experiment, in a random order. */
  private static final class Elsewhere implements Remote {
    private final Experiment experiment;
    private final Random random = new Random(5);
    private int done;

    Elsewhere(Experiment experiment) {
      this.experiment = experiment;
    }

    @Override
    public int tasks() {
      return 4;
    }

    @Override
    public void run(List<byte[]> tasks, Sink sink) throws IOException {
      List<Integer> order = IntStream.range(0, tasks.size()).boxed().collect(Collectors.toList());
      Collections.shuffle(order, random);
      for (int index : order) {
        sink.accept(index, RemoteTask.run(tasks.get(index), experiment.workload()));
        done++;
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ig-gates, adaptive, 75, step, sampled",
    "ig-gates, left, 3, none, branching",
    "ig-gates, left, 3, step, enumerate",
    "eap-ig-inputs, left, 3, step, sampled",
    "exact, left, 1, none, sampled"
  })
  void scoresAreThoseOfThisProcess(
      String method, String quadrature, int points, String bins, String estimator)
      throws IOException {
    Map<String, Object> settings = new HashMap<>();
    settings.put("method", method);
    settings.put("quadrature", quadrature);
    settings.put("points", points);
    settings.put("bins", bins);
    settings.put("estimator", estimator);
    settings.put("max-new-tokens", estimator.equals("enumerate") ? 1 : 3);
    if (method.equals("ig-gates") && !estimator.equals("branching")) {
      settings.put("reference", List.of("teacher-forced", "eap"));
    }
    if (estimator.equals("branching")) {
      settings.put("branch-at", "entropy:0.5");
    }
    DiscoveryResult here = Discovery.run(spec("here", settings), DiscoveryListener.SILENT);
    DiscoverySpec spec = spec("there", settings);
    try (Experiment experiment = Experiment.open(spec, DiscoveryListener.SILENT)) {
      Elsewhere elsewhere = new Elsewhere(experiment);
      DiscoveryResult there =
          Discovery.run(spec, DiscoveryListener.SILENT, Duration.ZERO, runners(elsewhere));
      assertThat(elsewhere.done).isGreaterThan(10);
      assertSame(there.attribution(), here.attribution());
      assertThat(there.circuit().members()).isEqualTo(here.circuit().members());
      for (int i = 0; i < here.references().scores().size(); i++) {
        assertSame(
            there.references().scores().get(i).scores(),
            here.references().scores().get(i).scores());
      }
    }
  }

  @Test
  void aRunOfOthersIsStoppedAndGoneOnWith() throws IOException {
    DiscoveryResult here = Discovery.run(spec("here", Map.of()), DiscoveryListener.SILENT);
    DiscoverySpec spec = spec("there", Map.of());
    try (Experiment experiment = Experiment.open(spec, DiscoveryListener.SILENT)) {
      Runners others = runners(new Elsewhere(experiment));
      for (int patience : new int[] {9, 12, 14}) {
        DiscoveryListener stopping = stoppingAfter(patience);
        assertThatThrownBy(
                () -> {
                  if (Files.exists(folder.resolve("there.incomplete"))) {
                    Discovery.resume(folder.resolve("there"), stopping, Duration.ZERO, others);
                  } else {
                    Discovery.run(spec, stopping, Duration.ZERO, others);
                  }
                })
            .isInstanceOf(CancellationException.class);
      }
      DiscoveryResult there =
          Discovery.resume(
              folder.resolve("there"), DiscoveryListener.SILENT, Duration.ZERO, others);
      assertSame(there.attribution(), here.attribution());
      assertThat(Files.readAllLines(folder.resolve("there/rollouts.jsonl")))
          .hasSameSizeAs(Files.readAllLines(folder.resolve("here/rollouts.jsonl")));
    }
  }

  private static DiscoveryListener stoppingAfter(int patience) {
    return new DiscoveryListener() {
      private int asked;

      @Override
      public boolean stopRequested() {
        return asked++ > patience;
      }
    };
  }

  private static Runners runners(Remote remote) {
    return (listener, checkpoint, run) -> new RemoteRunner(listener, checkpoint, run, remote);
  }

  private static void assertSame(Attribution actual, Attribution expected) {
    assertThat(actual.sampledTokens()).isEqualTo(expected.sampledTokens());
    assertThat(actual.points()).isEqualTo(expected.points());
    assertThat(actual.clean().value()).isCloseTo(expected.clean().value(), offset(ROUNDING));
    assertSame(actual.total(), expected.total());
    assertSame(actual.direct(), expected.direct());
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
