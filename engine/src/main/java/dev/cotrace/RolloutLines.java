package dev.cotrace;

import dev.cotrace.format.JsonProblem;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/** Reads a {@code rollouts.jsonl}, which may be large, line by line. */
final class RolloutLines {
  private static final String PAIR = "{\"kind\":\"pair\"";

  private RolloutLines() {}

  /**
   * Hands every line to {@code reader} until that wants no more.
   *
   * @param reader whether to go on after a line
   * @throws IllegalArgumentException naming the line, when a reader refuses one or it is no JSON
   */
  static void each(Path file, Predicate<String> reader) throws IOException {
    int number = 0;
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        try {
          if (!reader.test(line)) {
            return;
          }
        } catch (JacksonException e) {
          throw refused(file, number, JsonProblem.of(e), e);
        } catch (IllegalArgumentException e) {
          throw refused(file, number, e.getMessage(), e);
        }
      }
    } catch (CharacterCodingException e) {
      throw refused(file, number + 1, "it is not in UTF-8, or a line near it is not", e);
    }
  }

  private static IllegalArgumentException refused(
      Path file, int number, @Nullable String reason, Exception cause) {
    return new IllegalArgumentException(
        "%s, line %d is not what a run writes: %s".formatted(file, number, reason), cause);
  }

  /** Whether {@code line} is of a pair, not of a rollout. */
  static boolean isPair(String line) {
    return line.startsWith(PAIR);
  }

  /**
   * Whether {@code line} has the key {@code name}, without reading it: inside a text the quotes
   * would be escaped.
   */
  static boolean has(String line, String name) {
    return line.contains("\"" + name + "\":");
  }
}
