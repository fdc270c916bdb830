package dev.cotrace.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.Damage;
import dev.cotrace.format.Goldens;
import dev.cotrace.format.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files as they are published: MIB, auto-circuit, GSM8K, MATH, EWoK. */
class PublishedDataTest {
  private static final String AUTO_CIRCUIT =
      """
      {"seq_labels": ["a", "b"], "word_idxs": {"IO": 2},
       "prompts": [
        {"clean": "one 1", "corrupt": "one 2", "answers": [" a", " b"], "wrong_answers": [" c"]},
        {"clean": [3, 4], "corrupt": [3, 5], "answers": [6], "wrong_answers": [7]}
       ]}
      """;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "parquet"})
  void mibNamesBecomeAnswersWithASpaceBeforeThem(String kind) throws IOException {
    TaskPair pair = golden("ioi." + kind, RowChoice.ALL).pairs().getFirst();
    assertThat(pair.clean())
        .isEqualTo(text("When Ben and Anna got a pen at the school, Anna gave it to"));
    assertThat(pair.corrupted())
        .isEqualTo(text("When Ben and Anna got a pen at the school, Ben gave it to"));
    assertThat(pair.answer()).as("the indirect object").isEqualTo(text(" Ben"));
    assertThat(pair.wrong()).as("the subject").isEqualTo(text(" Anna"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "abc_counterfactual"})
  void theCounterfactualIsChosenByName(String name) throws IOException {
    assertThat(golden("ioi.parquet", new RowChoice(0, name)).pairs().getFirst().corrupted())
        .isEqualTo(text("When Ben and Anna got a pen at the school, Carl gave it to"));
  }

  @Test
  void aCounterfactualThatNoRowHasIsRefusedWithThoseThereAre() {
    assertThatThrownBy(() -> golden("ioi.parquet", new RowChoice(0, "xyz")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no row has the counterfactual xyz")
        .hasMessageContaining("abc_counterfactual, s2_io_flip_counterfactual");
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "parquet"})
  void mibChoicesBecomeTheLabelsOfBothRightChoices(String kind) throws IOException {
    TaskPair pair = golden("mcqa." + kind, RowChoice.ALL).pairs().getFirst();
    assertThat(pair.answer()).isEqualTo(text("C"));
    assertThat(pair.wrong()).isEqualTo(text("S"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"jsonl", "parquet"})
  void mibSumsWithoutACounterfactualAreLeftOutAndCounted(String kind) throws IOException {
    TaskFile file = golden("arithmetic." + kind, RowChoice.ALL);
    assertThat(file.pairs()).hasSize(2);
    assertThat(file.pairs().getLast().where()).endsWith(kind.equals("jsonl") ? "line 3" : "row 3");
    assertThat(file.pairs().getFirst().answer()).isEqualTo(text("7"));
    assertThat(file.pairs().getFirst().wrong()).isEqualTo(text("9"));
    assertThat(file.notes())
        .singleElement()
        .asString()
        .contains("rows without the counterfactual, which are left out: 1");
  }

  @Test
  void ourOwnPairsCanBeParquetToo() throws IOException {
    List<TaskPair> pairs = golden("pairs.parquet", RowChoice.ALL).pairs();
    assertThat(pairs.getFirst().id()).isEqualTo("7");
    assertThat(pairs.getFirst().wrong()).isNull();
    assertThat(ids(pairs.getLast().wrong())).containsExactly(4, 5);
  }

  @Test
  void gradeSchoolQuestionsHaveTheirNumberAsAnswerAndNoCorruptedPrompt() throws IOException {
    TaskFile file = golden("gsm8k.parquet", new RowChoice(2, ""));
    assertThat(file.pairs()).hasSize(2);
    TaskPair pair = file.pairs().getLast();
    assertThat(pair.clean()).isEqualTo(text("Tom has 2 boxes of 1000 pens. How many pens?"));
    assertThat(pair.answer()).isEqualTo(text("2000"));
    assertThat(pair.corrupted()).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"question": "q", "answer": "so 3.\\n#### -1,234"}                      | -1234
          {"problem": "q", "solution": "is $\\\\boxed{\\\\frac{1}{2}}$.", "level": "1"} | \\frac{1}{2}
          {"problem": "q", "solution": "none", "answer": "12", "unique_id": "a"}    | 12
          """)
  void theAnswerIsTakenOutOfTheSolution(String row, String answer) throws IOException {
    assertThat(read("a.jsonl", row).pairs().getFirst().answer()).isEqualTo(text(answer));
  }

  @Test
  void aCorpusRowMayHaveACorruptedPromptAdded() throws IOException {
    TaskPair pair =
        read(
                "a.jsonl",
                "{\"question\": \"q\", \"answer\": \"#### 3\", \"corrupted\": \"r\", \"wrong\": \"4\"}")
            .pairs()
            .getFirst();
    assertThat(pair.corrupted()).isEqualTo(text("r"));
    assertThat(pair.wrong()).isEqualTo(text("4"));
  }

  @Test
  void aRowWithACleanPromptIsOursWhateverElseItHas() {
    assertThatThrownBy(() ->
            read("a.jsonl", "{\"clean\": \"a\", \"question\": \"q\", \"answer\": \"#### 3\"}"))
        .hasMessageContaining("unknown key 'question'");
  }

  @Test
  void ofSeveralAnswersTheFirstCountsAndThatIsSaid() throws IOException {
    TaskFile file = read("a.json", AUTO_CIRCUIT);
    assertThat(file.pairs().getFirst().answer()).isEqualTo(text(" a"));
    assertThat(file.pairs().getFirst().wrong()).isEqualTo(text(" c"));
    assertThat(file.pairs().getLast().clean()).isInstanceOf(Words.Ids.class);
    assertThat(ids(file.pairs().getLast().answer())).containsExactly(6);
    assertThat(file.pairs().getLast().where()).endsWith("a.json, prompt 2");
    assertThat(file.notes())
        .singleElement()
        .asString()
        .contains("1 of 2 pairs list several answers; of each list the first counts");
  }

  @Test
  void aListOfRowsAndOneObjectALineAreReadAsJson() throws IOException {
    String row = "{\"clean\": \"a\", \"corrupted\": \"b\"}";
    assertThat(read("a.json", "[" + row + ",\n" + row + "]").pairs()).hasSize(2);
    assertThat(read("b.json", row + "\n" + row + "\n").pairs()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ewok.csv", "ewok.jsonl"})
  void contextsArePromptsAndTargetsAreAnswers(String name) throws IOException {
    TaskPair pair =
        read(
                name,
                name.endsWith("csv")
                    ? "Domain,Context1,Context2,Target1,Target2\nd,A is in.,A is out.,It is in.,It is out.\n"
                    : "{\"Domain\":\"d\",\"Context1\":\"A is in.\",\"Context2\":\"A is out.\",\"Target1\":\"It is in.\",\"Target2\":\"It is out.\"}")
            .pairs()
            .getFirst();
    assertThat(pair.clean()).isEqualTo(text("A is in."));
    assertThat(pair.corrupted()).isEqualTo(text("A is out."));
    assertThat(pair.answer()).isEqualTo(text(" It is in."));
    assertThat(pair.wrong()).isEqualTo(text(" It is out."));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a.jsonl | {"question": "q", "answer": "18"}                                     | line 1: expected an answer that ends in '#### NUMBER'
          a.jsonl | {"problem": "q", "solution": "it is 3"}                               | line 1: expected a solution with its answer in \\boxed{…}
          a.jsonl | {"prompt": "p", "label": 3, "random_counterfactual": {"prompt": "q"}} | line 1, random_counterfactual: label must be a text or a whole number, got nothing
          a.jsonl | {"prompt": "p", "label": 3}                                           | no row has the counterfactual; choose with --counterfactual among none
          a.jsonl | {"prompt": "p", "choices": {"label": ["A"]}, "answerKey": 1, "symbol_counterfactual": {"prompt": "q"}} | answerKey must be the place of one of the 1 labels, from 0, got 1
          a.json  | {"prompts": [{"clean": "a", "corrupt": "b", "answers": []}]}          | prompt 1: answers must be a list of answers, at least one, got an empty list
          a.json  | {"prompts": [{"clean": "a", "corrupt": [1], "answers": ["a"]}]}       | prompt 1: clean and corrupt must both be texts
          a.json  | {"prompts": [{"clean": "a", "corrupt": "b", "answer": "c"}]}          | prompt 1: unknown key 'answer'; auto-circuit's
          a.json  | {"prompts": [{"clean": "a", "corrupt": "b"}                           | line 1: expected JSON, but
          a.json  | [3]                                                                   | row 1: expected one JSON object
          a.csv   | Context1,Target1                                                      | the file has no pairs
          """)
  void whatIsMissingIsSaidWithItsPlace(String name, String text, String said) throws IOException {
    Path file = Files.writeString(folder.resolve(name), text);
    assertThatThrownBy(() -> TaskFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.jsonl", "a.json", "a.csv"})
  void whatComesAfterTheLimitIsNotRead(String name) throws IOException {
    String text =
        switch (name) {
          case "a.csv" -> "clean,corrupted\na,b\n\"broken";
          case "a.json" -> "[{\"clean\": \"a\", \"corrupted\": \"b\"}, {{{";
          default -> "{\"clean\": \"a\", \"corrupted\": \"b\"}\n{{{\u0000";
        };
    Path file = Files.writeString(folder.resolve(name), text);
    assertThat(TaskFile.read(file, new RowChoice(1, "")).pairs()).hasSize(1);
    assertThatThrownBy(() -> TaskFile.read(file)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "ioi.jsonl, 11, 2500, a.jsonl",
    "mcqa.jsonl, 12, 2500, a.jsonl",
    "arithmetic.jsonl, 13, 2500, a.jsonl",
    "math, 14, 2500, a.jsonl",
    "auto-circuit, 15, 10000, a.json",
    "ewok, 16, 10000, a.csv",
  })
  void aDamagedFileIsReadOrRefusedWithItsName(String name, long seed, int rounds, String as)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] original =
        switch (name) {
          case "auto-circuit" -> AUTO_CIRCUIT.getBytes(StandardCharsets.UTF_8);
          case "ewok" ->
              "Domain,Context1,Context2,Target1,Target2\nd,\"A, in.\",A é out.,It is in.,\"It \"\"is\"\" out.\"\n"
                  .getBytes(StandardCharsets.UTF_8);
          case "math" ->
              "{\"problem\": \"q\", \"solution\": \"$\\\\boxed{\\\\frac{1}{2}}$\"}\n{\"question\": \"q\", \"answer\": \"#### 1,000\"}\n"
                  .getBytes(StandardCharsets.UTF_8);
          default -> Files.readAllBytes(Goldens.file("parquet/" + name));
        };
    Path file = folder.resolve(as);
    int refused = 0;
    for (int i = 0; i < Damage.times(rounds); i++) {
      Files.write(file, Mutations.damage(original, random));
      try {
        assertThat(TaskFile.read(file).pairs()).isNotEmpty();
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(e).as("round %d", i).hasMessageContaining(file.toString());
      }
    }
    assertThat(refused).isGreaterThan(Damage.times(rounds) / 10);
  }

  private TaskFile golden(String name, RowChoice choice) throws IOException {
    return TaskFile.read(Goldens.file("parquet/" + name), choice);
  }

  private TaskFile read(String name, String text) throws IOException {
    return TaskFile.read(Files.writeString(folder.resolve(name), text));
  }

  private static int[] ids(@Nullable Words words) {
    return words instanceof Words.Ids(int[] ids) ? ids : new int[0];
  }

  private static @Nullable Words text(String text) {
    return new Words.Text(text);
  }
}
