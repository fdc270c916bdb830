package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code cotrace recover} as users meet it. */
class RecoverCommandTest {
  @TempDir private Path folder;
  private final Cotrace cotrace = new Cotrace();

  @ParameterizedTest
  @ValueSource(strings = {"through", "around", "mixed", "relay"})
  void theDefaultMethodRecoversTheCircuitAndTheRightWay(String task) {
    JsonNode method = measured(task, Method.IG_GATES.label());
    assertThat(value(method, "auroc")).isGreaterThan(0.95);
    assertThat(value(method, "average_precision")).isGreaterThan(0.8);
    assertThat(value(method, "misplaced")).isLessThan(0.05);
  }

  /** The circuits that are found by taking edges out. */
  @ParameterizedTest
  @CsvSource({
    "through, learned-mask",
    "around, learned-mask",
    "through, acdc",
    "around, acdc",
    "mixed, acdc",
    "relay, acdc"
  })
  void pruningRecoversTheCircuit(String task, String by) {
    assertThat(value(measured(task, by), "auroc")).isGreaterThan(0.95);
  }

  /** With its words given, the model's answer hangs on nothing else. */
  @ParameterizedTest
  @CsvSource({"through, 0.5, 0.5", "relay, 0.5, 0.5", "around, 1, 1"})
  void oneForwardPassSeesOnlyWhatActsAroundTheWords(String task, double least, double most) {
    assertThat(value(measured(task, "final-token-same"), "auroc")).isBetween(least, most);
  }

  @Test
  void chanceRecoversNothing() {
    assertThat(value(measured("mixed", "random"), "auroc")).isBetween(0.1, 0.9);
  }

  @Test
  void theTableHasEveryMethodAndTheFolderIsReadByOtherCommands() {
    Path kept = folder.resolve("known");
    assertThat(
            cotrace.run(
                "recover",
                "around",
                "--pairs",
                "2",
                "--rollouts",
                "2",
                "--runs",
                "2",
                "--out",
                kept.toString()))
        .as(cotrace.err())
        .isZero();
    List<String> methods = Stream.of(Method.values()).map(Method::label).toList();
    assertThat(cotrace.out())
        .contains(methods)
        .contains("teacher-forced", "final-token-own", "magnitude")
        .contains("6 of 110 edges are true");
    assertThat(kept.resolve("around").resolve("truth.json")).content().contains("\"m1->logits\"");
    String model = kept.resolve("around").resolve("model").toString();
    String task = kept.resolve("around").resolve("task-0.jsonl").toString();
    assertThat(cotrace.run("sample", "--model", model, "--task", task, "--limit", "1"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out()).containsPattern("(?m)^[0-3]{2}$");
  }

  @Test
  void aFolderThatIsThereIsLeftAlone() {
    assertThat(cotrace.run("recover", "--out", folder.toString())).isEqualTo(2);
    assertThat(cotrace.err()).contains("already exists");
    assertThat(folder).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          recover sideways              | expected one of the tasks through, around, mixed, relay, got 'sideways'
          recover --methods guess       | expected the method to be one of ig-gates
          recover --runs 1              | --runs must be at least 2, got 1
          recover --pairs 1             | --pairs must be at least 2, got 1
          recover --rollouts 1          | --rollouts must be at least 2, got 1
          """)
  void whatCannotBeDoneIsSaidInOneSentence(String command, String sentence) {
    assertThat(cotrace.run(command.split(" "))).isEqualTo(2);
    assertThat(cotrace.err()).contains(sentence).doesNotContain("\tat ");
  }

  private JsonNode measured(String task, String method) {
    assertThat(
            cotrace.run(
                "recover",
                task,
                "--methods",
                method,
                "--pairs",
                "8",
                "--rollouts",
                "4",
                "--runs",
                "2",
                "--json"))
        .as(cotrace.err())
        .isZero();
    JsonNode json = new JsonMapper().readTree(cotrace.out());
    return json.at("/tasks/" + task + "/methods/" + method);
  }

  private static double value(JsonNode method, String name) {
    return method.get(name).get("value").doubleValue();
  }
}
