package dev.cotrace.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.task.Words.Message;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TaskFileTest {
  private static final String GOOD =
      """
      {"id": "a", "clean": "one 1", "corrupted": "one 2", "answer": "1", "wrong": "2"}

      {"clean": [{"role": "user", "content": "hi"}], "corrupted": [{"role": "user", "content": "ho"}]}
      {"clean_ids": [3, 4], "corrupted_ids": [3, 5], "answer_ids": [6], "wrong": "x"}
      """;

  @TempDir Path folder;

  @Test
  void textConversationsAndIdsAreRead() throws IOException {
    List<TaskPair> pairs = read(GOOD);
    assertThat(pairs).hasSize(3);
    assertThat(pairs.get(0).id()).isEqualTo("a");
    assertThat(pairs.get(0).answer()).isEqualTo(new Words.Text("1"));
    assertThat(pairs.get(1).id()).isEqualTo("2");
    assertThat(pairs.get(1).clean()).isEqualTo(new Words.Chat(List.of(new Message("user", "hi"))));
    assertThat(pairs.get(1).answer()).isNull();
    assertThat(ids(pairs.get(2).corrupted())).containsExactly(3, 5);
    assertThat(ids(pairs.get(2).answer())).containsExactly(6);
    assertThat(pairs.get(2).where()).endsWith("line 4");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"corrupted": "a"}                                         | neither clean nor clean_ids
          {"clean": "a", "corrupted": "b", "align": [0, -1]}         | align: a position must be a whole number from 0
          {"clean": "a", "corrupted": "b", "align": "last"}          | align must be a list of positions
          {"clean": "a", "corrupted": "b", "answr": "c"}             | unknown key 'answr'
          {"clean": "a", "corrupted": "b", "clean": "c"}             | Duplicate
          {"clean": 5, "corrupted": "b"}                             | clean must be a text or a list of messages, got 5
          {"clean": "a", "corrupted": null}                          | corrupted must be a text or a list of messages, got null
          {"clean": [], "corrupted": "b"}                            | got an empty list
          {"clean": [{"role": "user"}], "corrupted": "b"}            | clean, message 1
          {"clean": "a", "clean_ids": [1], "corrupted": "b"}         | both clean and clean_ids
          {"clean_ids": [1], "corrupted": "b"}                       | both be words or both be token ids
          {"clean_ids": [1, -1], "corrupted_ids": [1, 2]}            | from 0, got -1 at place 2
          {"clean_ids": [1.5], "corrupted_ids": [1]}                 | from 0, got 1.5
          {"clean_ids": [99999999999], "corrupted_ids": [1]}         | from 0, got 99999999999
          {"clean_ids": "1", "corrupted_ids": [1]}                   | must be a list of token ids
          {"clean": "a", "corrupted": "b", "answer": [1]}            | answer, message 1
          {"clean": "a", "corrupted": "b", "id": {}}                 | id must be a text or a whole number
          ["clean"]                                                  | expected one JSON object
          {"clean": "a", "corrupted": "b"} {}                        | expected one JSON object, but
          {"clean": "a", "corrupted                                  | expected one JSON object, but
          clean,corrupted                                            | expected one JSON object, but
          """)
  void aBrokenLineIsRefusedWithFileAndLine(String line, String said) throws IOException {
    Path file = write("task.jsonl", "{\"clean\": \"a\", \"corrupted\": \"b\"}\n" + line);
    assertThatThrownBy(() -> TaskFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(file + ", line 2: ")
        .hasMessageContaining(said);
  }

  @Test
  void bytesThatAreNotUtf8AreRefusedWithTheirLine() throws IOException {
    Path file = folder.resolve("task.jsonl");
    Files.write(file, "\n\n\u00ff".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> TaskFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(file + ", line 3: expected UTF-8 text, got bytes that are not");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\n", "\uFEFF"})
  void aFileWithoutPairsIsRefused(String text) {
    assertThatThrownBy(() -> read(text)).hasMessageContaining("the file has no pairs");
  }

  @Test
  void aMissingFileIsSaidToBeMissing() {
    assertThatThrownBy(() -> TaskFile.read(folder.resolve("none.jsonl")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not exist");
  }

  @Test
  void theIoiFileOfEapIgIsRead() throws IOException {
    Path file =
        write(
            "ioi.csv",
            """
            ,clean,corrupted,corrupted_hard,correct_idx,incorrect_idx
            470,"Then, Aaron gave a drink to","Then, Tiffany gave a drink to","Then, Amber gave a drink to",47764,26757
            """);
    TaskPair pair = TaskFile.read(file).pairs().getFirst();
    assertThat(pair.clean()).isEqualTo(new Words.Text("Then, Aaron gave a drink to"));
    assertThat(ids(pair.answer())).containsExactly(47764);
    assertThat(ids(pair.wrong())).containsExactly(26757);
  }

  @Test
  void theGreaterThanFileOfEapIgIsReadWithoutAnswers() throws IOException {
    Path file = write("greater.csv", "clean,corrupted,label\nfrom 1352 to 13,from 1301 to 13,52\n");
    TaskPair pair = TaskFile.read(file).pairs().getFirst();
    assertThat(pair.corrupted()).isEqualTo(new Words.Text("from 1301 to 13"));
    assertThat(pair.answer()).as("a label is a threshold, no answer").isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          clean,corupted ; a,b                         | unknown column 'corupted'
          corrupted,label ; a,b                        | no column clean
          clean,corrupted,correct_idx ; a,b            | line 2: expected a field for each of the columns
          clean,corrupted,correct_idx ; a,b,x          | line 2: correct_idx must be a token id, got 'x'
          clean,corrupted ; a                          | task.csv
          clean,clean ; a,b                            | task.csv
          """)
  void aBrokenCsvIsRefusedInASentence(String lines, String said) throws IOException {
    Path file = write("task.csv", lines.replace(" ; ", "\n"));
    assertThatThrownBy(() -> TaskFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(said);
  }

  /** Whatever the bytes, there are pairs or a sentence with the file's name. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void mutatedFilesGivePairsOrASentence(long seed) throws IOException {
    Random random = new Random(seed);
    byte[] good = GOOD.getBytes(StandardCharsets.UTF_8);
    for (int round = 0; round < 300; round++) {
      byte[] bytes = good.clone();
      for (int change = random.nextInt(1, 6); change > 0; change--) {
        bytes[random.nextInt(bytes.length)] =
            random.nextBoolean()
                ? (byte) random.nextInt(256)
                : (byte) "{}[]\",:0-e\\".charAt(random.nextInt(11));
      }
      Path file = folder.resolve(random.nextInt(4) == 0 ? "task.csv" : "task.jsonl");
      Files.write(file, bytes);
      try {
        assertThat(TaskFile.read(file).pairs()).isNotEmpty();
      } catch (IllegalArgumentException e) {
        assertThat(e).as("seed %d, round %d", seed, round).hasMessageContaining(file.toString());
      }
    }
  }

  private static int[] ids(@Nullable Words words) {
    return words instanceof Words.Ids(int[] ids) ? ids : new int[0];
  }

  private List<TaskPair> read(String text) throws IOException {
    return TaskFile.read(write("task.jsonl", text)).pairs();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
