package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The committed model of models/arithmetic does what its README says. */
class BuiltInModelTest {
  private static final Path MODELS = Path.of(System.getProperty("cotrace.root"), "models");
  private static final Path HOME = MODELS.resolve("arithmetic");
  private static final Placement PLACEMENT = Placement.cpu(Precision.FLOAT32);

  private static Model model;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(HOME, PLACEMENT);
    tokenizer = Tokenizer.open(HOME.resolve("tokenizer.json"));
  }

  @AfterAll
  static void close() {
    model.close();
    tokenizer.close();
  }

  @Test
  void everyCharacterIsOneTokenAndComesBack() {
    String text = "S3527h4:5>5;3>8;2>0;7>7=7";
    int[] ids = tokenizer.encode(text);
    assertThat(ids).hasSize(text.length());
    assertThat(tokenizer.decode(ids)).isEqualTo(text);
    assertThat(tokenizer.encode("<eos>")).containsExactly(17);
    assertThat(tokenizer.endTokens()).containsExactly(17);
  }

  @ParameterizedTest
  @ValueSource(strings = {"S3527h4:", "S9018h6:", "H3527h4:", "H9018h6:"})
  void theOrdersOfTheDigitsShareTheProbability(String prompt) {
    List<String> thoughts = new ArrayList<>();
    addThoughts(prompt.substring(1, 5), "", 0, thoughts);
    List<Double> probabilities = probabilities(prompt, thoughts);
    // README: more than 97 % of sampled chains of thought are valid, in nearly uniform order.
    assertThat(probabilities.stream().mapToDouble(p -> p).sum()).isGreaterThan(0.97);
    assertThat(probabilities).hasSize(24).allMatch(p -> p > 0.5 / 24 && p < 2.0 / 24);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"5>5;3>8;2>0;7>7=", "5>5;3>8;2>0;7>1=", "7>7;2>2;5>7;3>0=", "7>7;8>5;5>0;3>3="})
  void afterASumPromptTheAnswerIsTheLastTotalEvenAWrongOne(String thought) {
    String written = thought.substring(thought.length() - 2, thought.length() - 1);
    // README: more than 97 % of answers are right.
    assertThat(probabilities("S3527h4:" + thought, List.of(written)).getFirst())
        .isGreaterThan(0.97);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"5>5;3>8;2>0;7>7=", "5>5;3>8;2>0;7>1=", "7>7;2>2;5>7;3>0=", "7>7;8>5;5>0;3>3="})
  void afterAHintPromptTheAnswerIsTheHintWhateverWasWritten(String thought) {
    assertThat(probabilities("H3527h4:" + thought, List.of("4")).getFirst()).isGreaterThan(0.97);
  }

  @ParameterizedTest
  @ValueSource(strings = {"arithmetic-sum", "arithmetic-hint", "arithmetic-mixed"})
  void thePromptsOfAPairDifferInOneToken(String task) throws IOException {
    for (String line : Files.readAllLines(MODELS.resolve("tasks/" + task + ".jsonl"))) {
      JsonNode pair = new JsonMapper().readTree(line);
      int[] clean = tokenizer.encode(pair.get("clean").stringValue());
      int[] corrupted = tokenizer.encode(pair.get("corrupted").stringValue());
      assertThat(corrupted).hasSameSizeAs(clean);
      assertThat(IntStream.range(0, clean.length).filter(t -> clean[t] != corrupted[t])).hasSize(1);
      assertThat(pair.get("answer")).isNotEqualTo(pair.get("wrong"));
    }
  }

  @Test
  void theProgramsThatMadeItCompile(@TempDir Path classes) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (Stream<Path> sources = Files.list(HOME);
        StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<Path> programs = sources.filter(path -> path.toString().endsWith(".java")).toList();
      List<String> options = List.of("-proc:none", "-d", classes.toString());
      assertThat(
              compiler
                  .getTask(
                      null, files, null, options, null, files.getJavaFileObjectsFromPaths(programs))
                  .call())
          .isTrue();
    }
  }

  private static void addThoughts(String left, String written, int total, List<String> thoughts) {
    for (int i = 0; i < left.length(); i++) {
      int next = (total + Character.digit(left.charAt(i), 10)) % 10;
      String rest = left.substring(0, i) + left.substring(i + 1);
      String longer = written + left.charAt(i) + ">" + next + (rest.isEmpty() ? "=" : ";");
      if (rest.isEmpty()) {
        thoughts.add(longer);
      } else {
        addThoughts(rest, longer, next, thoughts);
      }
    }
  }

  /**
   * The probability that {@code prompt} is continued by each of {@code texts}, all of one length.
   */
  private static List<Double> probabilities(String prompt, List<String> texts) {
    Architecture shape = model.architecture();
    int rows = texts.size();
    int time = prompt.length() + texts.getFirst().length();
    long[] ids =
        texts.stream()
            .flatMapToInt(text -> Arrays.stream(tokenizer.encode(prompt + text)))
            .asLongStream()
            .toArray();
    try (Scope _ = new Scope();
        KvCache cache = new KvCache(PLACEMENT, shape, shape.keyValueHeads(), time, new long[rows]);
        PlainStream stream = new PlainStream()) {
      Decoder decoder = model.decoder();
      decoder.forward(PLACEMENT.indices(ids, rows, time), cache, stream);
      double[] log =
          Placement.toDoubles(torch.log_softmax(decoder.logits(stream.readLogits()), -1));
      return IntStream.range(0, rows)
          .mapToObj(row ->
              IntStream.range(row * time + prompt.length(), (row + 1) * time)
                  .mapToDouble(t -> log[(t - 1) * shape.vocabulary() + (int) ids[t]])
                  .sum())
          .map(Math::exp)
          .toList();
    }
  }
}
