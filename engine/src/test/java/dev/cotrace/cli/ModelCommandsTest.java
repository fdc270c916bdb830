package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code cotrace logits} and {@code cotrace doctor}. */
class ModelCommandsTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root"));
  private static final String GEMMA = ROOT.resolve("goldens/transformers/gemma2").toString();
  private static final String BUILT_IN = ROOT.resolve("models/arithmetic").toString();

  private final Cotrace cotrace = new Cotrace();

  @TempDir Path directory;

  @Test
  void logitsOfEveryPositionAreNormalisedAndTheTopIsTheirTop() {
    assertThat(cotrace.run("logits", GEMMA, "--ids", "1,2,3", "--top", "4", "--all", "--json"))
        .isZero();
    JsonNode json = new JsonMapper().readTree(cotrace.out());
    assertThat(json.get("ids").toString()).isEqualTo("[1,2,3]");
    assertThat(json.get("logprobs")).hasSize(3);
    for (int position = 0; position < 3; position++) {
      JsonNode row = json.get("logprobs").get(position);
      assertThat(row).hasSize(40);
      double sum = 0;
      double largest = Double.NEGATIVE_INFINITY;
      for (JsonNode value : row) {
        sum += Math.exp(value.asDouble());
        largest = Math.max(largest, value.asDouble());
      }
      assertThat(Math.abs(sum - 1)).isLessThan(1e-6);
      JsonNode top = json.get("top").get(position);
      assertThat(top).hasSize(4);
      assertThat(top.get(0).get("logprob").asDouble()).isEqualTo(largest);
      assertThat(row.get(top.get(0).get("id").asInt()).asDouble()).isEqualTo(largest);
    }
  }

  @Test
  void textIsShownAsTheTokensThatAreFed() {
    assertThat(cotrace.run("logits", BUILT_IN, "--text", "S8507h8:", "--top", "1"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out().lines()).hasSizeGreaterThan(3);
    assertThat(cotrace.out()).contains("'8'").contains("position");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--ids 1,99|expected token ids from 0 to 39, got 99",
        "--ids 1 --text a|expected either --ids or --text, got both",
        "--top 2|expected either --ids or --text, got neither",
        "--ids 1 --all|--all needs --json",
        "--ids 1 --bos|--bos is for --text",
        "--text a|the model has no tokenizer",
        "--ids 1 --top 0|--top must be at least 1",
        "--ids 1 --dtype float8|expected --dtype float64, float32 or bfloat16, got float8",
      })
  void whatCannotBeFedIsRefusedInASentence(String flags, String reason) {
    String[] all =
        Stream.concat(Stream.of("logits", GEMMA), Stream.of(flags.split(" ")))
            .toArray(String[]::new);
    assertThat(cotrace.run(all)).isEqualTo(2);
    assertThat(cotrace.err()).contains(reason);
    assertThat(cotrace.out()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "float64"})
  void aDoctorFindsNothingWrongWithALogitsTrueModel(String dtype) {
    assertThat(
            cotrace.run(
                "doctor",
                GEMMA,
                "--dtype",
                dtype,
                "--prompt-tokens",
                "8",
                "--max-new-tokens",
                "8",
                "--json"))
        .as(cotrace.out() + cotrace.err())
        .isZero();
    JsonNode findings = new JsonMapper().readTree(cotrace.out()).get("findings");
    JsonNode logits = finding(findings, "logits");
    assertThat(logits.get("verdict").asString()).isEqualTo("FINE");
    assertThat(logits.get("text").asString()).contains("agrees at").contains("largest difference");
    assertThat(finding(findings, "architecture").get("text").asString()).startsWith("gemma2");
    assertThat(finding(findings, "memory").get("text").asString()).startsWith("about ");
  }

  @Test
  void aDoctorFindsLogitsOfAnotherModel() throws IOException {
    Path goldens = ROOT.resolve("goldens/transformers/llama-gqa-tied/goldens.safetensors");
    Path copy = Files.copy(goldens, directory.resolve("other.safetensors"));
    assertThat(cotrace.run("doctor", GEMMA, "--goldens", copy.toString(), "--max-new-tokens", "8"))
        .isOne();
    assertThat(cotrace.out()).contains("✗ logits").contains("What to do:");
  }

  @Test
  void aDoctorSaysWhatDoesNotFit() {
    assertThat(
            cotrace.run("doctor", GEMMA, "--max-new-tokens", "1000000", "--batch-rows", "100000"))
        .isOne();
    assertThat(cotrace.out())
        .contains("✗ memory")
        .contains("✗ positions")
        .contains("Lower --max-new-tokens");
  }

  @Test
  void aDoctorPlansWhatFitsWhereNobodySaysMore() {
    assertThat(cotrace.run("doctor", GEMMA)).as(cotrace.out() + cotrace.err()).isZero();
    assertThat(cotrace.out()).contains("rollouts of 64 tokens").doesNotContain("✗");
  }

  @Test
  void aDoctorFindsATemplateThatCannotBeParsed() throws IOException {
    Path model = Files.createDirectory(directory.resolve("model"));
    try (Stream<Path> files = Files.list(Path.of(BUILT_IN))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Files.writeString(model.resolve("chat_template.jinja"), "{% for %}");
    assertThat(cotrace.run("doctor", model.toString())).as(cotrace.err()).isOne();
    assertThat(cotrace.out()).contains("✗ chat template").contains("expected a name");
  }

  @Test
  void textsInJsonAreThoseOfTheTokenizer() {
    assertThat(cotrace.run("logits", BUILT_IN, "--text", "S8", "--top", "1", "--json")).isZero();
    JsonNode json = new JsonMapper().readTree(cotrace.out());
    assertThat(json.get("tokens").toString()).isEqualTo("[\"S\",\"8\"]");
  }

  @Test
  void aDoctorSeesTheBuiltInModelThrough() {
    assertThat(cotrace.run("doctor", BUILT_IN)).as(cotrace.out() + cotrace.err()).isZero();
    assertThat(cotrace.out()).contains("tokenizer").contains("chat template").contains("BLAS");
  }

  private static JsonNode finding(JsonNode findings, String topic) {
    for (JsonNode finding : findings) {
      if (finding.get("topic").asString().equals(topic)) {
        return finding;
      }
    }
    throw new AssertionError("no finding on " + topic + " in " + findings);
  }
}
