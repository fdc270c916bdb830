package dev.cotrace;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that grows line by line; every line is handed to the system whole. */
final class LineFile implements AutoCloseable {
  // Not a channel: those close when a thread that is to stop is interrupted.
  private final FileOutputStream out;

  /** Creates {@code file}, which must not exist. */
  LineFile(Path file) throws IOException {
    out = new FileOutputStream(Files.createFile(file).toFile());
  }

  /** Adds {@code line}. */
  void add(String line) {
    try {
      out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes all lines durable. */
  @Override
  public void close() throws IOException {
    if (out.getFD().valid()) {
      out.getFD().sync();
      out.close();
    }
  }
}
