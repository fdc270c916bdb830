package dev.cotrace.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.cotrace.format.Damage;
import dev.cotrace.format.JsonMutations;
import dev.cotrace.format.Mutations;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.SampledText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The external program is a shell script, so that tests need nothing else. */
@Timeout(60)
class ExternalTest {
  /** Answers each line with the number in its text. */
  private static final String HONEST =
      """
      while read -r line; do
        id=${line#*\\"id\\":}; id=${id%%,*}
        text=${line#*\\"text\\":\\"}; text=${text%%\\"*}
        echo "{\\"id\\": $id, \\"value\\": $text}"
      done
      """;

  @TempDir Path folder;
  private final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();

  @Test
  void everyTranscriptGetsItsOwnAnswer() {
    try (External external = start(HONEST, 30)) {
      assertThat(external.values(List.of(Sampled.text("3"), Sampled.text("-0.5"))))
          .containsExactly(3, -0.5);
      assertThat(external.values(List.of())).isEmpty();
      assertThat(external.values(List.of(Sampled.text("1e3")))).containsExactly(1000);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void damagedAnswersAreNumbersOrRefusedInASentence(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    String sound = "{\"id\": 7, \"value\": -1.5}";
    int refused = 0;
    int times = Damage.times(5000);
    for (int i = 0; i < times; i++) {
      byte[] bytes = Mutations.damage(sound.getBytes(StandardCharsets.UTF_8), random);
      String answer =
          random.nextBoolean()
              ? new String(bytes, StandardCharsets.UTF_8)
              : JsonMutations.damage(sound, random);
      try {
        assertThat(External.value(7, answer.replace('\n', ' '))).isFinite();
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(1000).doesNotContain("\n");
      }
    }
    assertThat(refused).isBetween(times / 10, times - times / 50);
  }

  @Test
  void theProgramIsToldAllOfATranscript() throws IOException {
    Path heard = folder.resolve("heard");
    SampledText text =
        new SampledText(
            "p1", "\"Où?\"\n", "là 😀", new int[] {5, 6}, " Rome", "", Rollout.Finish.END_TOKEN);
    try (External external =
        start(
            "read -r line; printf '%s' \"$line\" > "
                + heard
                + "; echo '{\"id\":0,\"value\":1}'; cat",
            30)) {
      assertThat(external.values(List.of(text))).containsExactly(1);
    }
    JsonNode line = new JsonMapper().readTree(heard);
    assertThat(line.toString())
        .isEqualTo(
            "{\"id\":0,\"pair\":\"p1\",\"prompt\":\"\\\"Où?\\\"\\n\",\"text\":\"là 😀\",\"tokens\":[5,6],"
                + "\"answer\":\" Rome\",\"wrong\":\"\",\"finish\":\"end-token\"}");
    assertThat(Files.readString(heard)).isASCII();
  }

  @Test
  void aBatchLargerThanAPipeHoldsIsNoDeadlock() {
    List<SampledText> texts =
        IntStream.range(0, 600)
            .mapToObj(i -> Sampled.text("x".repeat(400), "" + i, "", ""))
            .toList();
    try (External external = start(HONEST, 50)) {
      assertThat(external.values(texts))
          .containsExactly(IntStream.range(0, 600).asDoubleStream().toArray());
    }
  }

  @Test
  void threadsTakeTurns() throws Exception {
    try (External external = start(HONEST, 50);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<double[]>> answers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        List<SampledText> texts = List.of(Sampled.text("" + i), Sampled.text("" + 2 * i));
        answers.add(threads.submit(() -> external.values(texts)));
      }
      for (int i = 0; i < 40; i++) {
        assertThat(answers.get(i).get()).containsExactly(i, 2 * i);
      }
    }
  }

  static Stream<Arguments> failures() {
    String wait = "; cat > /dev/null";
    return Stream.of(
        arguments(
            "echo first >&2; echo 'no model' >&2; exit 3",
            "ended with exit code 3; its standard error ends: first | no model, with 0 of 2 transcripts answered"),
        arguments("exit 0", "ended with exit code 0 and wrote nothing to its standard error"),
        arguments("read -r l; echo '{\"id\":0,\"value\":1}'; exit 4", "with 1 of 2 transcripts"),
        arguments("exec 1>&-" + wait, "closed its output"),
        arguments(
            "echo 'Loading weights'" + wait,
            "answered 'Loading weights', which is not one JSON object a line"),
        arguments("echo '{\"id\":0,\"value\":1} {}'" + wait, "which is not one JSON object a line"),
        arguments(
            "echo '{\"id\":0,\"value\":\"1\"}'" + wait,
            "answered '{\"id\":0,\"value\":\"1\"}', but should answer {\"id\": 0, \"value\": NUMBER}"),
        arguments("echo '[]'" + wait, "answered '[]', but should answer"),
        arguments("echo '{\"id\":0}'" + wait, "answered '{\"id\":0}', but should answer"),
        arguments("echo '{\"id\":1,\"value\":1}'" + wait, "answered id 1 where 0 was next"),
        arguments("echo '{\"id\":0,\"value\":NaN}'" + wait, "gave the value NaN"),
        arguments("echo '{\"id\":0,\"value\":-Infinity}'" + wait, "values must be finite"),
        arguments("echo '{\"id\":0,\"value\":1e999}'" + wait, "values must be finite"),
        arguments("head -c 99999 /dev/zero" + wait, "\0…', which is not one JSON object a line"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("failures")
  void aProgramThatGoesWrongIsToldInOneSentence(String script, String said) {
    List<SampledText> texts = List.of(Sampled.text("1"), Sampled.text("2"));
    try (External external = start(script, 30)) {
      assertThatThrownBy(() -> external.values(texts))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("--external-command: the program ")
          .hasMessageContaining(said);
      assertThatThrownBy(() -> external.values(texts))
          .as("later calls fail in the same words")
          .hasMessageContaining(said);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cat > /dev/null",
        "sleep 600",
        "read -r l; echo '{\"id\":0,\"value\":1}'; sleep 600"
      })
  void aProgramThatTakesTooLongIsEnded(String script) {
    List<SampledText> texts =
        Collections.nCopies(
            400, Sampled.text("x".repeat(400), "1", "", "")); // more than a pipe holds
    External external = start(script, 0.3);
    assertThatThrownBy(() -> external.values(texts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "of 400 transcripts within the 0.300000 seconds of --external-timeout");
    external.close();
  }

  @Test
  void aProgramThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> new External(settings(List.of("no-such-program"), 1), log::add))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--external-command cannot be started")
        .hasMessageContaining("no-such-program");
    assertThatThrownBy(() -> new External(settings(List.of(), 1), log::add))
        .hasMessageContaining("--external-command is missing");
  }

  @Test
  void whatItWritesToItsStandardErrorIsPassedOn() {
    try (External external = start("echo ready >&2;" + HONEST, 30)) {
      external.values(List.of(Sampled.text("1")));
      await(() -> log.contains("external: ready"));
    }
  }

  @Test
  void itsChildrenEndWithIt() throws IOException {
    Path file = folder.resolve("child");
    External external = start("sleep 600 & echo $! > " + file + ";" + HONEST, 30);
    external.values(List.of(Sampled.text("1")));
    long child = Long.parseLong(Files.readString(file).strip());
    ProcessHandle handle = ProcessHandle.of(child).orElseThrow();
    external.close();
    // Where nobody collects orphans, a dead one keeps its number but has no command any more.
    await(() -> !handle.isAlive() || handle.info().command().isEmpty());
  }

  @Test
  void aProgramThatIgnoresTheEndOfItsInputIsEnded() throws IOException {
    Path file = folder.resolve("self");
    External external =
        start(
            "echo $$ > "
                + file
                + "; trap '' HUP TERM; read -r l; echo '{\"id\":0,\"value\":1}'; while :; do sleep 1; done",
            30);
    external.values(List.of(Sampled.text("1")));
    ProcessHandle handle =
        ProcessHandle.of(Long.parseLong(Files.readString(file).strip())).orElseThrow();
    external.close();
    await(() -> !handle.isAlive());
  }

  @Test
  void anInterruptedCallIsACancelledRun() throws InterruptedException {
    try (External external = start("cat > /dev/null", 50)) {
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread worker =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  external.values(List.of(Sampled.text("1")));
                } catch (CancellationException e) {
                  thrown.set(e);
                }
              });
      worker.interrupt();
      worker.join();
      assertThat(thrown.get()).isInstanceOf(CancellationException.class);
    }
  }

  @Test
  void aCommandOfOneTextIsSplitAtItsSpaces() {
    assertThat(settings(List.of(" python3  own.py -v"), 1).command())
        .containsExactly("python3", "own.py", "-v");
    assertThat(settings(List.of("/my programs/own", "-v"), 1).command())
        .containsExactly("/my programs/own", "-v");
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) { // The class has a time limit.
      Thread.onSpinWait();
    }
  }

  private External start(String script, double timeout) {
    return new External(settings(List.of("/bin/sh", "-c", script), timeout), log::add);
  }

  private static OutcomeSettings settings(List<String> command, double timeout) {
    return new OutcomeSettings("", "", false, "", "", command, timeout);
  }
}
