package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.Goldens;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.task.TextCodec;
import dev.cotrace.task.Words.Message;
import dev.cotrace.task.generator.Arithmetic;
import dev.cotrace.task.generator.GeneratedTask;
import dev.cotrace.task.generator.GreaterThan;
import dev.cotrace.task.generator.Ioi;
import dev.cotrace.task.generator.Names;
import dev.cotrace.task.generator.PairKind;
import dev.cotrace.task.generator.TaskGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Generated tasks, with every tokenizer among the goldens and one of single bytes. */
class TaskMakerTest {
  private static final int PAIRS = 15;
  private static final String BYTES = "bytes";
  private static final String SMOLLM2 = "smollm2";
  private static final List<String> TOKENIZERS =
      List.of(
          "gpt-2.gguf",
          "smollm.gguf",
          "llama-bpe.gguf",
          "qwen2.gguf",
          "spm.gguf",
          "spm-unprefixed.gguf",
          "llama3",
          "qwen2",
          BYTES,
          SMOLLM2);
  private static final List<PairKind> KINDS =
      List.of(
          new Ioi(false),
          new Ioi(true),
          new GreaterThan(),
          new Arithmetic(3, false),
          new Arithmetic(1, false),
          new Names(2, false),
          new Names(4, false));

  @TempDir Path folder;

  static Stream<Arguments> all() {
    return TOKENIZERS.stream()
        .flatMap(tokenizer -> KINDS.stream().map(kind -> Arguments.of(tokenizer, kind)));
  }

  @ParameterizedTest
  @MethodSource("all")
  void promptsTakeEquallyManyTokensAndDifferInTheChangedWordsOnly(String name, PairKind kind)
      throws IOException {
    try (Open open = open(name)) {
      GeneratedTask task = new TaskGenerator(kind, open.codec).generate(PAIRS, 5);
      Set<String> seen = new HashSet<>();
      for (JsonNode line : lines(task)) {
        String clean = line.get("clean").stringValue();
        String corrupted = line.get("corrupted").stringValue();
        assertThat(seen.add(clean)).as("another prompt each time").isTrue();
        int[] cleanIds = open.codec.encode(clean);
        int[] corruptedIds = open.codec.encode(corrupted);
        assertThat(cleanIds).as(clean).hasSameSizeAs(corruptedIds).isNotEqualTo(corruptedIds);
        for (int i = 0; i < cleanIds.length; i++) {
          if (cleanIds[i] != corruptedIds[i]) {
            assertThat(wordOfToken(open.codec, clean, cleanIds, i))
                .as("token %d of %s", i, clean)
                .isNotEqualTo(wordOfToken(open.codec, corrupted, corruptedIds, i));
          }
        }
      }
    }
  }

  /** The word, between spaces, that token {@code i} ends in, with all characters it shares. */
  private static String wordOfToken(TextCodec codec, String text, int[] ids, int i) {
    String before = codec.decode(Arrays.copyOf(ids, i + 1));
    int shift = codec.decode(ids).length() - text.length();
    int end = Math.min(text.length(), before.stripTrailing().length() - shift);
    int from = end;
    while (from > 0 && !Character.isWhitespace(text.charAt(from - 1))) {
      from--;
    }
    int to = end;
    while (to < text.length() && !Character.isWhitespace(text.charAt(to))) {
      to++;
    }
    return text.substring(from, to);
  }

  @ParameterizedTest
  @MethodSource("all")
  void rightAndWrongAnswersAreThoseOfThePrompts(String name, PairKind kind) throws IOException {
    try (Open open = open(name)) {
      GeneratedTask task = new TaskGenerator(kind, open.codec).generate(PAIRS, 6);
      List<JsonNode> lines = lines(task);
      for (int i = 0; i < lines.size(); i++) {
        PromptPair pair = task.pairs().get(i);
        assertThat(pair.answer()).as("as many tokens").hasSameSizeAs(pair.wrong());
        String answer = open.codec.decode(pair.answer()).strip();
        String wrong = open.codec.decode(pair.wrong()).strip();
        String clean = lines.get(i).get("clean").stringValue();
        String corrupted = lines.get(i).get("corrupted").stringValue();
        switch (kind) {
          case Ioi ioi -> {
            assertThat(occurrences(clean, answer)).isEqualTo(1);
            assertThat(occurrences(clean, wrong)).isEqualTo(2);
            assertThat(occurrences(corrupted, answer)).isEqualTo(ioi.third() ? 1 : 2);
            assertThat(occurrences(corrupted, wrong)).isEqualTo(1);
          }
          case GreaterThan _ -> {
            Matcher year = Pattern.compile("year (\\d\\d)(\\d\\d) to the year \\1$").matcher(clean);
            assertThat(year.find()).isTrue();
            int start = Integer.parseInt(year.group(2));
            assertThat(Integer.parseInt(answer)).isGreaterThan(start);
            assertThat(Integer.parseInt(wrong)).isLessThan(start).isGreaterThan(1);
            assertThat(corrupted).contains(year.group(1) + "01 to the year");
          }
          case Arithmetic _ -> {
            assertThat(answer).isEqualTo(sum(clean));
            assertThat(wrong).isEqualTo(sum(corrupted));
          }
          case Names names -> {
            assertThat(answer).isEqualTo(end(clean, names.steps()));
            assertThat(wrong).isEqualTo(end(corrupted, names.steps()));
          }
        }
      }
    }
  }

  private static int occurrences(String text, String name) {
    return (int) Pattern.compile("\\b" + name + "\\b").matcher(text).results().count();
  }

  private static String sum(String prompt) {
    String problem =
        prompt.substring(prompt.lastIndexOf("Problem: ") + 9, prompt.lastIndexOf('\n'));
    return String.valueOf(Arrays.stream(problem.split(" \\+ ")).mapToInt(Integer::parseInt).sum());
  }

  private static String end(String prompt, int steps) {
    String problem = prompt.substring(prompt.lastIndexOf("\n\n") + 2);
    Map<String, String> links = new HashMap<>();
    Matcher link = Pattern.compile("(\\w+)'s (\\w+) is (\\w+)\\.").matcher(problem);
    while (link.find()) {
      links.put(link.group(1), link.group(3));
    }
    Matcher question = Pattern.compile("Who is (.*) of (\\w+)\\?").matcher(problem);
    assertThat(question.find()).isTrue();
    assertThat(question.group(1).split(" of ")).hasSize(steps);
    String person = question.group(2);
    for (int i = 0; i < steps; i++) {
      person = String.valueOf(links.get(person));
    }
    return person;
  }

  @ParameterizedTest
  @MethodSource("all")
  void theSameSeedGivesTheSameTaskAndAnotherAnother(String name, PairKind kind) throws IOException {
    try (Open open = open(name)) {
      TaskGenerator generator = new TaskGenerator(kind, open.codec);
      List<String> lines = generator.generate(4, 1).lines();
      assertThat(generator.generate(4, 1).lines()).isEqualTo(lines);
      assertThat(generator.generate(8, 1).lines().subList(0, 4)).hasSize(4);
      assertThat(generator.generate(4, 2).lines()).isNotEqualTo(lines);
    }
  }

  @Test
  void namesAreSingleTokensWithTheirSpaceWhereTheTokenizerHasThem() throws IOException {
    try (Open open = open(SMOLLM2)) {
      GeneratedTask task = new TaskGenerator(new Ioi(false), open.codec).generate(PAIRS, 0);
      assertThat(task.pairs()).allSatisfy(pair -> assertThat(pair.answer()).hasSize(1));
      assertThat(lines(task))
          .allSatisfy(line -> assertThat(line.get("answer").stringValue()).startsWith(" "));
      assertThat(task.settings()).doesNotContainKey("answer-prefix");
    }
  }

  @Test
  void aPoolThatTheTokenizerCannotWriteAlikeIsNamed() throws IOException {
    TextCodec uneven = new Uneven();
    assertThatThrownBy(() -> new TaskGenerator(new Ioi(false), uneven))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the pool 'names' has no 4 words");
    try (Open open = open(BYTES)) {
      TaskGenerator few = new TaskGenerator(new Arithmetic(1, false), open.codec);
      assertThatThrownBy(() -> few.generate(100_000, 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("ask for fewer pairs");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ioi", "greater-than", "arithmetic", "names"})
  void theFilesMakeATaskThatIsReadAsItIs(String kind) throws IOException {
    Path out = folder.resolve("made.jsonl");
    TaskMaker made = TaskMaker.make(request(kind, out, false));
    assertThat(made.shown()).hasSize(2).allSatisfy(pair -> assertThat(pair).contains("answer"));
    DiscoverySpec spec = SpecYaml.read(null, Map.of("model", "m", "task", out.toString()));
    boolean thinks = kind.equals("arithmetic") || kind.equals("names");
    assertThat(spec.sampling().maxNewTokens() > 0).isEqualTo(thinks);
    assertThat(spec.sampling().stop()).isEqualTo(thinks ? List.of("\n") : List.of());
    assertThat(Files.readAllLines(out)).hasSize(7);

    byte[] before = Files.readAllBytes(out);
    assertThatThrownBy(() -> TaskMaker.make(request(kind, out, false)))
        .hasMessageContaining("already exists");
    Files.delete(out);
    assertThatThrownBy(() -> TaskMaker.make(request(kind, out, false)))
        .as("the settings are in the way")
        .hasMessageContaining("made.yaml already exists");
    TaskMaker.make(request(kind, out, true));
    assertThat(out).hasBinaryContent(before);
  }

  private static TaskMaker.Request request(String kind, Path out, boolean overwrite) {
    return new TaskMaker.Request(
        kind,
        Goldens.file("tokenizers/qwen2.gguf").toString(),
        7,
        3,
        out,
        overwrite,
        OptionalInt.empty(),
        null,
        false,
        2);
  }

  private static List<JsonNode> lines(GeneratedTask task) {
    return task.lines().stream()
        .map(line -> (JsonNode) JsonMapper.shared().readTree(line))
        .toList();
  }

  private record Open(TextCodec codec, AutoCloseable resource) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IOException(e);
      }
    }
  }

  private static Open open(String name) throws IOException {
    if (name.equals(BYTES)) {
      return new Open(new Bytes(), () -> {});
    }
    Path file = Goldens.file("tokenizers/" + name);
    if (name.equals(SMOLLM2)) {
      file = Goldens.smollm2();
      Assumptions.assumeTrue(Files.exists(file), file + " is fetched and not here");
    }
    Tokenizer tokenizer = tokenizer(file);
    return new Open(ModelText.of(tokenizer, ModelText.today()), tokenizer);
  }

  private static Tokenizer tokenizer(Path file) throws IOException {
    if (!file.toString().endsWith(".gguf")) {
      return Tokenizer.open(file);
    }
    try (Gguf gguf = Gguf.open(file)) {
      return Tokenizer.fromGguf(gguf);
    }
  }

  /** One token a byte. */
  private static final class Bytes implements TextCodec {
    @Override
    public int[] encode(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int[] ids = new int[bytes.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = bytes[i] & 0xff;
      }
      return ids;
    }

    @Override
    public String decode(int... ids) {
      byte[] bytes = new byte[ids.length];
      for (int i = 0; i < ids.length; i++) {
        bytes[i] = (byte) ids[i];
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public List<String> pieces(int... ids) {
      return Arrays.stream(ids).mapToObj(id -> decode(id)).toList();
    }

    @Override
    public OptionalInt start() {
      return OptionalInt.empty();
    }

    @Override
    public String render(List<Message> messages) {
      throw new IllegalArgumentException("no chat template");
    }
  }

  /** Every word takes a number of tokens of its own. */
  private static final class Uneven implements TextCodec {
    @Override
    public int[] encode(String text) {
      return new int[Math.floorMod(text.hashCode(), 1_000_003)];
    }

    @Override
    public String decode(int... ids) {
      return "";
    }

    @Override
    public List<String> pieces(int... ids) {
      return List.of();
    }

    @Override
    public OptionalInt start() {
      return OptionalInt.empty();
    }

    @Override
    public String render(List<Message> messages) {
      return "";
    }
  }
}
