package dev.cotrace.task;

import dev.cotrace.format.StrictYaml;
import dev.cotrace.format.parquet.ParquetRows;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file of prompt pairs as written, before any tokenizer.
 *
 * <p>{@code NAME.jsonl} holds one pair a line, {@code NAME.json} a list of them; {@code NAME.csv}
 * is read as EAP-IG's data files are; a Parquet file is known by its first bytes. {@code NAME.yaml}
 * beside it, if there is one, holds {@link TaskSettings} that differ from the defaults.
 *
 * @param path the file of pairs
 * @param pairs at least one
 * @param notes what of the file was left out, one sentence each
 */
public record TaskFile(Path path, List<TaskPair> pairs, List<String> notes) {
  private static final byte[] PARQUET = {'P', 'A', 'R', '1'};

  /** Refuses a task without pairs. */
  public TaskFile {
    pairs = List.copyOf(pairs);
    notes = List.copyOf(notes);
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(
          path
              + ": the file has no pairs; expected one JSON object a line, such as {\"clean\": …, \"corrupted\": …, \"answer\": …}");
    }
  }

  /** With nothing left out. */
  public TaskFile(Path path, List<TaskPair> pairs) {
    this(path, pairs, List.of());
  }

  /** Reads a task with all its pairs. */
  public static TaskFile read(Path path) throws IOException {
    return read(path, RowChoice.ALL);
  }

  /**
   * Reads those pairs of a task that {@code choice} names; the file may be much longer.
   *
   * @throws IllegalArgumentException naming file and line of what is wrong
   */
  public static TaskFile read(Path path, RowChoice choice) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new IllegalArgumentException(
          "the task %s %s"
              .formatted(path, Files.exists(path) ? "is not a file" : "does not exist"));
    }
    String name = path.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".csv")) {
      return csv(path, choice);
    }
    RowPairs rows = new RowPairs(choice);
    if (isParquet(path)) {
      ParquetRows.read(
          path, (number, row) -> rows.accept(new Row("%s, row %d".formatted(path, number), row)));
    } else if (name.endsWith(".json")) {
      JsonRows.document(path, rows);
    } else {
      JsonRows.lines(path, rows);
    }
    return rows.file(path);
  }

  private static TaskFile csv(Path path, RowChoice choice) throws IOException {
    List<TaskPair> pairs = new ArrayList<>();
    CsvPairs.read(
        path,
        pair -> {
          pairs.add(pair);
          return choice.limit() == 0 || pairs.size() < choice.limit();
        });
    return new TaskFile(path, pairs);
  }

  private static boolean isParquet(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      return Arrays.equals(in.readNBytes(PARQUET.length), PARQUET);
    }
  }

  /**
   * The keys and values of the settings beside the task at {@code path}; none when there is no such
   * file.
   */
  public static ObjectNode settingsBeside(Path path, StrictYaml yaml) throws IOException {
    String name = String.valueOf(path.getFileName());
    int dot = name.lastIndexOf('.');
    Path settings = path.resolveSibling((dot > 0 ? name.substring(0, dot) : name) + ".yaml");
    return yaml.parse(settings.toString(), Files.exists(settings) ? text(settings) : "");
  }

  private static String text(Path path) throws IOException {
    StringBuilder text = new StringBuilder();
    TextLines.read(
        path,
        (_, line) -> {
          text.append(line).append('\n');
          return true;
        });
    return text.toString();
  }
}
