package dev.cotrace;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file that grows piece by piece; every piece is handed to the system whole. */
final class GrowingFile implements AutoCloseable {
  // Not a channel: those close when a thread that is to stop is interrupted.
  private final FileOutputStream out;
  private long length;

  private GrowingFile(Path file, long length) throws IOException {
    this.length = length;
    out = new FileOutputStream(file.toFile(), /* append= */ true);
  }

  /** Creates {@code file}, which must not exist. */
  static GrowingFile create(Path file) throws IOException {
    return new GrowingFile(Files.createFile(file), 0);
  }

  /** Goes on at the end of {@code file}. */
  static GrowingFile append(Path file) throws IOException {
    return new GrowingFile(file, Files.exists(file) ? Files.size(file) : 0);
  }

  /** Goes on with {@code file} after its first {@code length} bytes; the others are cut off. */
  static GrowingFile resume(Path file, long length) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (channel.size() < length) {
        throw new IllegalArgumentException(
            "%s should have at least %d bytes and has %d: it was changed after the checkpoint; remove the run and start it again"
                .formatted(file, length, channel.size()));
      }
      channel.truncate(length);
    }
    return new GrowingFile(file, length);
  }

  /** Adds {@code line}. */
  void add(String line) {
    try {
      add((line + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Adds {@code bytes}. */
  void add(byte[] bytes) throws IOException {
    out.write(bytes);
    length += bytes.length;
  }

  /** Makes all that was added durable, and says how many bytes that is. */
  long sync() throws IOException {
    out.getFD().sync();
    return length;
  }

  /** Makes all that was added durable. */
  @Override
  public void close() throws IOException {
    if (out.getFD().valid()) {
      out.getFD().sync();
      out.close();
    }
  }
}
