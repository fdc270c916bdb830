package dev.cotrace.task;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads pairs from EAP-IG's data files: {@code clean,corrupted,label}, and {@code
 * clean,corrupted,corrupted_hard,correct_idx,incorrect_idx} after an unnamed index column; and
 * EWoK's {@code Context1,Context2,Target1,Target2}.
 *
 * <p>{@code correct_idx} and {@code incorrect_idx} are token ids of the tokenizer the file was made
 * with. {@code label} and {@code corrupted_hard} are read past: a label of greater-than is the year
 * that answers must exceed, not an answer, so such pairs serve objectives that need none.
 */
final class CsvPairs {
  private static final Set<String> COLUMNS =
      Set.of(
          "",
          "id",
          "clean",
          "corrupted",
          "corrupted_hard",
          "label",
          "correct_idx",
          "incorrect_idx",
          "clean_answer_idx",
          "corrupted_answer_idx",
          "country_idx",
          "corrupted_country_idx",
          "answer",
          "wrong");

  /** The byte-order mark that some programs put first. */
  private static final char MARK = '\uFEFF';

  private final Path path;

  private CsvPairs(Path path) {
    this.path = path;
  }

  /** Hands the pairs of {@code path} to {@code sink} until it wants no more. */
  static void read(Path path, Predicate<TaskPair> sink) throws IOException {
    CsvPairs own = new CsvPairs(path);
    int number = 1;
    try (BufferedReader text = Files.newBufferedReader(path);
        CsvReader<NamedCsvRecord> records = CsvReader.builder().ofNamedCsvRecord(afterMark(text))) {
      for (NamedCsvRecord record : records) {
        if (!sink.test(own.pair(record, number++))) {
          return;
        }
      }
    } catch (CsvParseException | UncheckedIOException e) {
      Throwable reason = e.getCause() == null ? e : e.getCause();
      throw new IllegalArgumentException(
          "%s: %s"
              .formatted(
                  path,
                  reason instanceof CharacterCodingException
                      ? "expected UTF-8 text, got bytes that are not"
                      : reason.getMessage()),
          e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(path + ": expected UTF-8 text, got bytes that are not", e);
    }
  }

  private static Reader afterMark(BufferedReader text) throws IOException {
    text.mark(1);
    if (text.read() != MARK) {
      text.reset();
    }
    return text;
  }

  private TaskPair pair(NamedCsvRecord record, int number) {
    String where = "%s, line %d".formatted(path, record.getStartingLineNumber());
    if (record.getFieldCount() < record.getHeader().size()) {
      throw new IllegalArgumentException(
          "%s: expected a field for each of the columns %s, got %d; is the file cut short, or a quote left open?"
              .formatted(where, record.getHeader(), record.getFieldCount()));
    }
    if (record.getHeader().contains("Context1")) {
      return ewok(record, where, number);
    }
    for (String column : record.getHeader()) {
      if (!COLUMNS.contains(column)) {
        throw new IllegalArgumentException(
            "%s: unknown column '%s'; expected EAP-IG's clean,corrupted,label or clean,corrupted,correct_idx,incorrect_idx, or answer and wrong"
                .formatted(path, column));
      }
    }
    return new TaskPair(
        where,
        record.findField("id").orElse(String.valueOf(number)),
        new Words.Text(clean(record, where)),
        corrupted(record, where),
        answer(record, where, "answer", "correct_idx", "clean_answer_idx", "country_idx"),
        answer(
            record,
            where,
            "wrong",
            "incorrect_idx",
            "corrupted_answer_idx",
            "corrupted_country_idx"));
  }

  /** EWoK's files have more columns than the four that are read. */
  private static TaskPair ewok(NamedCsvRecord record, String where, int number) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    record.getFieldsAsMap().forEach(fields::put);
    Row row = new Row(where, fields);
    return CorpusRows.pair(row, number)
        .orElseThrow(
            () -> row.broken("expected EWoK's columns Context1, Context2, Target1 and Target2"));
  }

  private static String clean(NamedCsvRecord record, String where) {
    return record
        .findField("clean")
        .orElseThrow(() ->
            new IllegalArgumentException("%s: the file has no column clean".formatted(where)));
  }

  private static @Nullable Words corrupted(NamedCsvRecord record, String where) {
    if (!record.getHeader().contains("corrupted")) {
      return null;
    }
    return new Words.Text(
        record
            .findField("corrupted")
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "%s: expected a field for the column corrupted, got none".formatted(where))));
  }

  private static @Nullable Words answer(
      NamedCsvRecord record, String where, String text, String... indices) {
    if (record.findField(text).isPresent()) {
      return new Words.Text(record.getField(text));
    }
    for (String index : indices) {
      String id = record.findField(index).orElse("");
      if (!id.isEmpty()) {
        return token(where, index, id);
      }
    }
    return null;
  }

  private static Words token(String where, String index, String id) {
    try {
      return new Words.Ids(new int[] {Integer.parseUnsignedInt(id)});
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "%s: %s must be a token id, got '%s'".formatted(where, index, id), e);
    }
  }
}
