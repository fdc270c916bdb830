package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code cotrace plan} as users meet it; how well it foretells is measured, not tested. */
class PlanCommandTest {
  private static final Path ROOT =
      Path.of(System.getProperty("cotrace.root", "..")).toAbsolutePath().normalize();

  @TempDir private Path folder;
  private final Cotrace cotrace = new Cotrace();

  private int plan(String... more) throws IOException {
    String[] all = new String[more.length + 11];
    String[] first = {
      "plan",
      "--model",
      ROOT.resolve("models/arithmetic").toString(),
      "--task",
      ROOT.resolve("models/tasks/arithmetic-sum.jsonl").toString(),
      "--rollouts",
      "4",
      "--points",
      "6",
      "--quadrature",
      "gauss-legendre"
    };
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return cotrace.run(all);
  }

  private JsonNode json(String... more) throws IOException {
    assertThat(plan(more)).as(cotrace.err()).isZero();
    return new JsonMapper().readTree(cotrace.out());
  }

  @Test
  void aPlanCountsJobsTokensAndHours() throws IOException {
    Path rates = folder.resolve("rates.json");
    JsonNode here =
        json(
            "--limit", "4", "--measure-seconds", "0.1", "--save-rates", rates.toString(), "--json");
    assertThat(here.path("units").asInt()).isEqualTo(4);
    assertThat(here.at("/points/most").asInt()).isEqualTo(6);
    double tokens = here.path("tokens_of_a_rollout").asDouble();
    assertThat(tokens).isBetween(1.0, 17.0);
    // J(0), J(1), two circuits and six gate values for each of four pairs, four rollouts each.
    assertThat(here.at("/sampled_tokens/most").asDouble())
        .isCloseTo(4 * (4 + 6) * 4 * tokens, within(1e-6));
    assertThat(here.at("/hours/most").asDouble()).isPositive();
    assertThat(here.path("bytes").asLong()).isGreaterThan(1 << 20);
    assertThat(new JsonMapper().readTree(Files.readString(rates)).path("gradients").asDouble())
        .isPositive();

    JsonNode there =
        json(
            "--limit",
            "4",
            "--measure-seconds",
            "0.1",
            "--rates",
            rates.toString(),
            "--executors",
            "8",
            "--json");
    assertThat(there.path("rates")).isEqualTo(here.path("rates"));
    assertThat(there.at("/hours/most").asDouble() * 8)
        .isCloseTo(
            here.at("/hours/most").asDouble()
                * there.at("/flops/most").asDouble()
                / here.at("/flops/most").asDouble(),
            within(here.at("/hours/most").asDouble()));
  }

  /** Plans for so many pairs that are not here. */
  private int imagine(Path rates, int pairs, String... more) throws IOException {
    String[] first = {
      "--rates", rates.toString(), "--pairs", pairs + "", "--prompt-tokens", "8", "--json"
    };
    return plan(Stream.of(first, more).flatMap(Arrays::stream).toArray(String[]::new));
  }

  @Test
  void aTaskThatIsNotHereIsPlannedFromRates() throws IOException {
    Path rates = folder.resolve("rates.json");
    Files.writeString(rates, "{\"ends\": 2e9, \"circuits\": 1e9, \"gradients\": 1e9}");
    assertThat(imagine(rates, 10)).as(cotrace.err()).isZero();
    JsonNode one = new JsonMapper().readTree(cotrace.out());
    assertThat(imagine(rates, 20, "--executors", "2")).isZero();
    JsonNode twice = new JsonMapper().readTree(cotrace.out());
    assertThat(twice.at("/flops/most").asDouble())
        .isCloseTo(2 * one.at("/flops/most").asDouble(), within(1.0));
    assertThat(twice.at("/hours/most").asDouble())
        .isCloseTo(one.at("/hours/most").asDouble(), within(1e-9));
    long bytes = one.path("bytes").asLong();
    assertThat(bytes).isGreaterThan(100_000_000);
    assertThat(imagine(rates, 10, "--memory", bytes * 9 / 10 + "")).isZero();
    JsonNode small = new JsonMapper().readTree(cotrace.out());
    assertThat(small.path("bytes").asLong()).isLessThan(bytes * 9 / 10);
    assertThat(imagine(rates, 10, "--memory", "100M")).isEqualTo(2);
    assertThat(cotrace.err()).contains("the run needs at least", "but may take 100 MB");
  }

  @ParameterizedTest
  @CsvSource({
    "--executors 0, --executors must be at least 1",
    "--pairs 5, give --rates",
    "--pairs 0, --pairs must be at least 1",
    "--measure-seconds NaN, --measure-seconds must be from 0",
    "--pairs 5 --prompt-tokens 300 --max-new-tokens 9 --rates x, more than the 256 positions",
    "--method exact --limit 2, a plan is for methods that take gradients",
    "--rates nowhere.json --limit 2 --measure-seconds 0, nowhere.json does not exist"
  })
  void whatMeansNothingIsRefused(String arguments, String sentence) throws IOException {
    assertThat(plan(arguments.split(" ", -1))).isEqualTo(2);
    assertThat(cotrace.err()).contains(sentence).doesNotContain("\tat ");
  }
}
