package dev.cotrace.task;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Lines of a text file, one at a time, in UTF-8 and no longer than fits in memory. */
final class TextLines {
  private static final int LONGEST = 1 << 26;
  private static final String MARK = "\uFEFF";

  /** Takes lines one by one. */
  @FunctionalInterface
  interface Sink {
    /** Takes the line of this number, from 1 on, and says whether there should be another. */
    boolean accept(int number, String line);
  }

  private TextLines() {}

  /**
   * Hands the lines of {@code path} to {@code sink} until it wants no more.
   *
   * @throws IllegalArgumentException naming file and line of what is no UTF-8
   */
  static void read(Path path, Sink sink) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 1 << 16)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      boolean more = true;
      for (int number = 1; more; number++) {
        boolean last = !readLine(path, in, line, number);
        if (last && line.size() == 0) {
          return;
        }
        String text = text(path, line.toByteArray(), number);
        more = sink.accept(number, number == 1 && text.startsWith(MARK) ? text.substring(1) : text);
        more &= !last;
      }
    }
  }

  /** Reads up to a newline, which is not kept; false at the end of the file. */
  private static boolean readLine(Path path, InputStream in, ByteArrayOutputStream line, int number)
      throws IOException {
    line.reset();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        return false;
      }
      if (line.size() == LONGEST) {
        throw new IllegalArgumentException(
            "%s, line %d: the line is longer than %d MiB; expected one pair a line"
                .formatted(path, number, LONGEST >> 20));
      }
      line.write(next);
    }
    return true;
  }

  private static String text(Path path, byte[] bytes, int number) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "%s, line %d: expected UTF-8 text, got bytes that are not".formatted(path, number), e);
    }
  }
}
