package dev.cotrace.task;

import dev.cotrace.format.StrictYaml;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file of prompt pairs as written, before any tokenizer.
 *
 * <p>{@code NAME.jsonl} holds one pair a line; {@code NAME.csv} is read as EAP-IG's data files are.
 * {@code NAME.yaml} beside it, if there is one, holds {@link TaskSettings} that differ from the
 * defaults.
 *
 * @param path the file of pairs
 * @param pairs at least one
 */
public record TaskFile(Path path, List<TaskPair> pairs) {
  /** Refuses a task without pairs. */
  public TaskFile {
    pairs = List.copyOf(pairs);
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(
          path
              + ": the file has no pairs; expected one JSON object a line, such as {\"clean\": …, \"corrupted\": …, \"answer\": …}");
    }
  }

  /**
   * Reads a task.
   *
   * @throws IllegalArgumentException naming file and line of what is wrong
   */
  public static TaskFile read(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new IllegalArgumentException(
          "the task %s %s"
              .formatted(path, Files.exists(path) ? "is not a file" : "does not exist"));
    }
    String text = text(path);
    boolean csv = path.toString().toLowerCase(Locale.ROOT).endsWith(".csv");
    List<TaskPair> pairs = csv ? CsvPairs.read(path, text) : JsonPairs.read(path, text);
    return new TaskFile(path, pairs);
  }

  /** The first {@code count} pairs. */
  public TaskFile limit(int count) {
    return new TaskFile(path, pairs.subList(0, Math.min(count, pairs.size())));
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
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
    try {
      String text = decoder.decode(bytes).toString();
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "%s, line %d: expected UTF-8 text, got bytes that are not".formatted(path, line(bytes)),
          e);
    }
  }

  private static int line(ByteBuffer bytes) {
    int line = 1;
    for (int at = 0; at < bytes.position(); at++) {
      line += bytes.get(at) == '\n' ? 1 : 0;
    }
    return line;
  }
}
