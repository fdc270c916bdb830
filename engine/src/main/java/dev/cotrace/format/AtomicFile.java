package dev.cotrace.format;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Replaces a file as a whole: temporary name, content, fsync, rename. */
public final class AtomicFile {
  private AtomicFile() {}

  /** What a file will hold. */
  public interface Content {
    /** Writes all of it. */
    void write(FileChannel channel) throws IOException;
  }

  /**
   * Writes {@code content} to {@code file}, which others see either as it was or whole.
   *
   * @throws IllegalArgumentException when its directory does not exist
   */
  public static void write(Path file, Content content) throws IOException {
    Path absolute = file.toAbsolutePath();
    Path directory = absolute.getParent();
    if (directory != null && !Files.isDirectory(directory)) {
      throw new IllegalArgumentException(
          "there is no directory %s to write %s into: make it, or give another place"
              .formatted(directory, absolute.getFileName()));
    }
    // Not Files.createTempFile: its files are readable by their owner only, and stay so.
    Path temporary =
        absolute.resolveSibling(
            "%s.%s.incomplete".formatted(absolute.getFileName(), UUID.randomUUID()));
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.write(channel);
        channel.force(true);
      }
      Files.move(
          temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
