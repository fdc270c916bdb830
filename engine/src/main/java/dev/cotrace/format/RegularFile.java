package dev.cotrace.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that are files: a pipe would be waited for, a device read without end. */
final class RegularFile {
  /** Several times the largest tokenizer.json there is. */
  private static final long MOST_BYTES = 256L << 20;

  private RegularFile() {}

  /**
   * The bytes of {@code file}, which holds text.
   *
   * @throws MalformedModelException when it is no file, or larger than such files are
   */
  static byte[] bytes(Path file) throws IOException {
    require(file);
    if (Files.size(file) > MOST_BYTES) {
      throw new MalformedModelException(
          file,
          0,
          "expected at most %d MiB, got %d bytes".formatted(MOST_BYTES >> 20, Files.size(file)));
    }
    return Files.readAllBytes(file);
  }

  /**
   * Does nothing for a file, or where there is nothing.
   *
   * @throws MalformedModelException for what else is there
   */
  static void require(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new MalformedModelException(
          file,
          0,
          "expected a file, got a "
              + (Files.isDirectory(file) ? "directory" : "pipe, a device or the like"));
    }
  }
}
