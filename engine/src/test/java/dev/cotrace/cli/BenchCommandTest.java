package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code cotrace bench} on a tiny model. No time is asserted: only what every line promises. */
class BenchCommandTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root"));
  private static final String TINY = ROOT.resolve("goldens/transformers/llama-gqa-tied").toString();

  private final Cotrace cotrace = new Cotrace();

  @Test
  void everyLineHasItsRatioTheRawSecondsAndWhatAComparisonNeeds() {
    assertThat(tiny("--only", "a,b", "--batch", "8,12", "--tokens", "3", "--rounds", "2"))
        .as(cotrace.err() + "")
        .isZero();
    List<JsonNode> lines = lines();
    assertThat(lines)
        .extracting(line -> line.get("bench").asString() + " " + line.get("batch"))
        .containsExactly("sampling 8", "sampling 12", "attribution 8", "attribution 12");
    assertThat(lines)
        .allSatisfy(line -> {
          assertSurroundings(line);
          assertThat(line.get("tokens").intValue()).isEqualTo(3);
          assertThat(line.get("statistic").asString()).isEqualTo("fastest of 2 interleaved rounds");
          for (JsonNode rounds : line.get("all_seconds")) {
            assertThat(rounds).hasSize(2);
          }
          boolean sampling = line.get("bench").asString().equals("sampling");
          JsonNode seconds = line.get("seconds");
          double of = seconds.get(sampling ? "gated" : "attribution").doubleValue();
          assertThat(line.get("ratio").doubleValue())
              .isEqualTo(seconds.get("plain").doubleValue() / of);
        });
    assertThat(lines.get(2).get("flop_equivalents_with_ends").doubleValue())
        .isGreaterThan(lines.get(2).get("flop_equivalents").doubleValue());
    assertThat(cotrace.err()).contains("round 1 of 2: plain ", "round 2 of 2: plain ");
  }

  @Test
  void theBackwardPassIsTimedBothWays() {
    assertThat(tiny("--only", "d", "--batch", "8", "--tokens", "3"))
        .as(cotrace.err() + "")
        .isZero();
    JsonNode line = lines().getFirst();
    assertSurroundings(line);
    JsonNode seconds = line.get("seconds");
    assertThat(line.get("bench").asString()).isEqualTo("backward");
    assertThat(line.get("ratio").doubleValue())
        .isEqualTo(seconds.get("recompute").doubleValue() / seconds.get("recorded").doubleValue());
  }

  @Test
  void aLineForEachLengthIsFollowedByTheSlope() {
    assertThat(tiny("--only", "c", "--batch", "8", "--tokens", "2,4,8"))
        .as(cotrace.err() + "")
        .isZero();
    List<JsonNode> lines = lines();
    assertThat(lines)
        .extracting(line -> line.get("bench").asString())
        .containsExactly("scaling", "scaling", "scaling", "scaling-slope");
    assertThat(lines).allSatisfy(BenchCommandTest::assertSurroundings);
    assertThat(lines.getFirst().get("ratio").doubleValue()).isOne();
    JsonNode slope = lines.getLast();
    assertThat(slope.get("tokens").toString()).isEqualTo("[2,4,8]");
    assertThat(slope.get("seconds")).hasSize(3);
    assertThat(slope.get("slope").isNumber()).isTrue();
    assertThat(slope.get("slope_error").doubleValue()).isNotNegative();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void memoryIsThatOfAProcessOfItsOwn() {
    assertThat(tiny("--only", "e", "--batch", "8", "--tokens", "2,4"))
        .as(cotrace.err() + "")
        .isZero();
    List<JsonNode> lines = lines();
    assertThat(lines)
        .extracting(line -> line.get("bench").asString())
        .containsExactly("memory", "memory", "memory-slope");
    assertThat(lines.getFirst().get("child_peak_memory_bytes").doubleValue()).isPositive();
    assertThat(lines.getLast().get("slope").isNumber()).isTrue();
    assertThat(lines.getLast().get("slope_error").isNull()).as("two points have none").isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--only a,f|expected --only of a, b, c, d, e, got 'f'",
        "--batch 6|--batch takes multiples of 4 from 8 on",
        "--batch 4|--batch takes multiples of 4 from 8 on",
        "--tokens 0|--tokens takes numbers from 1 on, got [0]",
        "--tokens 8,8|--tokens takes each number once, got [8, 8]",
        "--tokens 16,600|--tokens 600 after --prompt-tokens 4 need 604 positions",
        "--rounds 0|--rounds must be at least 1, got 0",
        "--threads 0|--threads must be at least 1, got 0",
        "--shape gpt2-small|expected --model or --shape, got both",
        "--dtype float8|expected --dtype float64, float32 or bfloat16, got float8",
        "--objective exact-match|--objective takes terms of the model, such as answer-prob or kl, got exact-match",
        "--batch eight|Invalid value for option '--batch'",
      })
  void badOptionsAreRefusedInASentence(String flags, String reason) {
    assertThat(tiny(flags.split(" "))).isEqualTo(2);
    assertThat(cotrace.err()).contains(reason).doesNotContain("\tat ");
    assertThat(cotrace.out()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"smollm2", "SMOLLM2_135M", ""})
  void anUnknownShapeIsRefusedWithTheKnownOnes(String shape) {
    assertThat(cotrace.run("bench", "--shape", shape)).isEqualTo(2);
    assertThat(cotrace.err()).contains("expected --shape smollm2-135m or gpt2-small, got " + shape);
  }

  private static void assertSurroundings(JsonNode line) {
    assertThat(line.get("prompt_tokens").intValue()).isEqualTo(4);
    assertThat(line.at("/model/layers").intValue()).isEqualTo(3);
    assertThat(line.at("/model/vocabulary").intValue()).isEqualTo(40);
    assertThat(line.get("dtype").asString()).isEqualTo("float32");
    assertThat(line.get("threads").intValue()).isPositive();
    assertThat(line.get("blas").isString()).isTrue();
    assertThat(line.get("java").asString()).contains(Runtime.version().toString());
    assertThat(line.get("cotrace").isString()).isTrue();
    assertThat(line.at("/machine/cores").intValue()).isPositive();
    assertThat(line.at("/machine/memory_bytes").longValue()).isPositive();
    assertThat(line.has("peak_memory_bytes")).isTrue();
    assertThat(line.has("load_average")).isTrue();
  }

  private List<JsonNode> lines() {
    JsonMapper json = new JsonMapper();
    return cotrace.out().lines().map(json::readTree).toList();
  }

  private int tiny(String... arguments) {
    return cotrace.run(
        Stream.concat(
                Stream.of("bench", "--model", TINY, "--prompt-tokens", "4"), Stream.of(arguments))
            .toArray(String[]::new));
  }
}
