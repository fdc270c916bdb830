package dev.cotrace;

import dev.cotrace.format.Sha256;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** A file that grows piece by piece; every piece is handed to the system whole. */
final class GrowingFile implements AutoCloseable {
  // Not a channel: those close when a thread that is to stop is interrupted.
  private final FileOutputStream out;
  private final MessageDigest digest; // of all that is in it
  private long length;

  private GrowingFile(Path file, long length, MessageDigest digest) throws IOException {
    this.length = length;
    this.digest = digest;
    out = new FileOutputStream(file.toFile(), /* append= */ true);
  }

  /** Creates {@code file}, which must not exist. */
  static GrowingFile create(Path file) throws IOException {
    return new GrowingFile(Files.createFile(file), 0, Sha256.digest());
  }

  /** Goes on at the end of {@code file}, whatever is in it. */
  static GrowingFile append(Path file) throws IOException {
    if (!Files.exists(file)) {
      return create(file);
    }
    long length = Files.size(file);
    try (InputStream in = Files.newInputStream(file)) {
      return new GrowingFile(file, length, FilePrefix.digest(in, length));
    }
  }

  /**
   * Goes on with {@code file} after {@code prefix}; what follows it is cut off.
   *
   * @throws IllegalArgumentException when it does not begin so
   */
  static GrowingFile resume(Path file, FilePrefix prefix) throws IOException {
    MessageDigest digest = prefix.require(file);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(prefix.length());
    }
    return new GrowingFile(file, prefix.length(), digest);
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
    digest.update(bytes);
    length += bytes.length;
  }

  /** Makes all that was added durable, and says what is in the file. */
  FilePrefix sync() throws IOException {
    out.getFD().sync();
    return FilePrefix.of(length, digest);
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
