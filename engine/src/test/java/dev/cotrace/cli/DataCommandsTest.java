package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Data files, generated tasks and chat settings as users meet them. */
class DataCommandsTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));
  private static final Path GOLDENS = ROOT.resolve("goldens");

  /** Puts the day of the month before the prompt, and 7 or 8 behind it. */
  private static final String TEMPLATE =
      "{{ strftime_now('%d') }}{{ messages[0]['content'] }}{% if flag %}7{% else %}8{% endif %}";

  @TempDir Path folder;
  private String model = "";
  private String task = "";
  private final Cotrace cotrace = new Cotrace();

  /** The built-in model with a chat template. */
  @BeforeEach
  void writeModel() throws IOException {
    Path copy = Files.createDirectory(folder.resolve("model"));
    for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
      Files.copy(ROOT.resolve("models/arithmetic").resolve(name), copy.resolve(name));
    }
    Files.writeString(copy.resolve("chat_template.jinja"), TEMPLATE);
    model = copy.toString();
    task =
        Files.writeString(
                folder.resolve("task.jsonl"),
                """
                {"clean": "S12", "corrupted": "S13", "answer": "0", "wrong": "1"}
                {"clean": "S12", "corrupted": "S1", "answer": "0", "wrong": "1"}
                {"clean": "S32", "corrupted": "S33", "answer": "0", "wrong": "1"}
                """)
            .toString();
  }

  @ParameterizedTest
  @CsvSource({
    "flag=true, 7",
    "flag=false, 8",
    "flag=1, 7",
    "flag=0, 8",
    "flag=text, 7",
    "flag=True, 7",
    "flag=False, 8"
  })
  void aChatOptionReachesTheTemplateAsWhatItIs(String option, String last) {
    assertThat(sample("--chat", "--chat-option", option, "--chat-date", "2026-01-31"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.out()).contains("31S12" + last);
  }

  @Test
  void anOptionThatTheTemplateDoesNotReadIsRefused() {
    assertThat(sample("--chat", "--chat-option", "flagg=true")).isEqualTo(2);
    assertThat(cotrace.err())
        .contains("--chat-option flagg: the model's chat template reads no such variable");
  }

  @Test
  void aRunKeepsTheDayThatItsPromptsTold() throws IOException {
    String today = LocalDate.now(ZoneId.systemDefault()).toString();
    assertThat(Files.readString(discovered("a", "--chat").resolve("spec.yaml")))
        .contains("chat-date: \"" + today + "\"");

    Path first = discovered("b", "--chat", "--chat-date", "2026-01-31");
    Path again = folder.resolve("again");
    assertThat(
            cotrace.run(
                "discover", "--config", first.resolve("spec.yaml").toString(), "--out", again + ""))
        .as(cotrace.err())
        .isZero();
    assertThat(again.resolve("rollouts.jsonl"))
        .hasSameTextualContentAs(first.resolve("rollouts.jsonl"));
    assertThat(Files.readString(first.resolve("rollouts.jsonl"))).contains("\"clean_ids\":[3,1,10");
  }

  @Test
  void aRunWhoseTemplateIsNotUsedKeepsNoDay() throws IOException {
    assertThat(Files.readString(discovered("a").resolve("spec.yaml"))).contains("chat-date: \"\"");
  }

  @Test
  void pairsOfUnequalLengthAreLeftOutWhenAskedAndThatIsSaid() {
    assertThat(cotrace.run("sample", "--model", model, "--task", task)).isEqualTo(2);
    assertThat(sample()).as(cotrace.err()).isZero();
    assertThat(cotrace.err())
        .contains("2 prompt pairs from")
        .contains("pairs of unequal length, which are left out: 1");
  }

  @Test
  void whatAFileHasTooMuchOfIsSaid() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("several.json"),
            """
            {"prompts": [{"clean": "S1", "corrupt": "S2", "answers": ["1", "2"], "wrong_answers": ["3"]}]}
            """);
    assertThat(
            cotrace.run(
                "sample", "--model", model, "--task", file.toString(), "--max-new-tokens", "1"))
        .as(cotrace.err())
        .isZero();
    assertThat(cotrace.err()).contains("1 of 1 pairs list several answers");
  }

  @Test
  void questionsWithoutACorruptedPromptNeedACorruptionWithoutOne() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("gsm.jsonl"), "{\"question\": \"S12\", \"answer\": \"#### 3\"}\n");
    assertThat(cotrace.run("sample", "--model", model, "--task", file.toString())).isEqualTo(2);
    assertThat(cotrace.err())
        .contains("the pair has neither corrupted nor corrupted_ids; give one, or a --corruption");
    assertThat(
            cotrace.run(
                "sample",
                "--model",
                model,
                "--task",
                file.toString(),
                "--corruption",
                "zero",
                "--objective",
                "exact-match(number)"))
        .as(cotrace.err())
        .isZero();
  }

  @Test
  void aGeneratedTaskIsWrittenShownAndNotOverwritten() {
    String made = folder.resolve("made.jsonl").toString();
    String tokenizer = GOLDENS.resolve("tokenizers/llama3").toString();
    String[] generate = {
      "generate", "names", "--model", tokenizer, "--count", "3", "--out", made, "--steps", "3"
    };
    assertThat(cotrace.run(generate)).as(cotrace.err()).isZero();
    assertThat(cotrace.out())
        .contains("pair names-1, ", "  clean  ", "  answer  ", "3 pairs, with their settings in");
    assertThat(cotrace.run(generate)).isEqualTo(2);
    assertThat(cotrace.err()).contains("already exists; give another --out, or --overwrite");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sums                          | expected ioi, greater-than, arithmetic or names, got 'sums'
          ioi --steps 3                 | --steps and --chat are for arithmetic and names, not for ioi
          names --giver io              | --giver is for ioi, not for names
          ioi --giver me                | --giver must be io or third, got 'me'
          names --steps 99              | --steps must be from 1 to 8, got 99
          names --count 0               | --count must be at least 1, got 0
          arithmetic --steps 1 --count 500 | the pool 'digits' gave no pair
          ioi --out made.txt            | --out must end in .jsonl
          """)
  void whatCannotBeGeneratedIsSaid(String words, String said) {
    List<String> arguments = new ArrayList<>(List.of("generate"));
    arguments.addAll(List.of(words.split(" ")));
    arguments.addAll(List.of("--model", GOLDENS.resolve("tokenizers/llama3").toString()));
    if (!words.contains("--out")) {
      arguments.addAll(List.of("--out", folder.resolve("made.jsonl").toString()));
    }
    assertThat(cotrace.run(arguments.toArray(new String[0]))).isEqualTo(2);
    assertThat(cotrace.err()).contains(said);
  }

  @Test
  void aModelThatCannotWriteTheWordsIsSaid() {
    String out = folder.resolve("made.jsonl").toString();
    assertThat(cotrace.run("generate", "ioi", "--model", model, "--out", out)).isEqualTo(2);
    assertThat(cotrace.err()).doesNotContain("this is a bug").startsWith("cotrace: ");
    String bare = GOLDENS.resolve("transformers/llama-gqa-tied").toString();
    assertThat(cotrace.run("generate", "ioi", "--model", bare, "--out", out)).isEqualTo(2);
    assertThat(cotrace.err()).contains("has no tokenizer, so no task can be made of words for it");
  }

  private int sample(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "sample",
                "--model",
                model,
                "--task",
                task,
                "--align",
                "skip",
                "--max-new-tokens",
                "2"));
    arguments.addAll(List.of(more));
    return cotrace.run(arguments.toArray(new String[0]));
  }

  private Path discovered(String name, String... more) {
    Path run = folder.resolve(name);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "discover",
                "--model",
                model,
                "--task",
                task,
                "--align",
                "skip",
                "--out",
                run.toString(),
                "--max-new-tokens",
                "2",
                "--rollouts",
                "2",
                "--quadrature",
                "midpoint",
                "--points",
                "1",
                "--top",
                "5"));
    arguments.addAll(List.of(more));
    assertThat(cotrace.run(arguments.toArray(new String[0]))).as(cotrace.err()).isZero();
    return run;
  }
}
