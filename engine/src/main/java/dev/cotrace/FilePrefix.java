package dev.cotrace;

import dev.cotrace.format.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The beginning of a file that grows: all that was in it at some time.
 *
 * @param length in bytes
 * @param sha256 of these bytes, in hexadecimal
 */
record FilePrefix(long length, String sha256) {
  private static final int BUFFER = 1 << 16;

  /** The first {@code length} bytes, which {@code digest} has seen; it may go on. */
  static FilePrefix of(long length, MessageDigest digest) {
    try {
      byte[] sum = ((MessageDigest) digest.clone()).digest();
      return new FilePrefix(length, HexFormat.of().formatHex(sum));
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the JDK's SHA-256 can be cloned", e);
    }
  }

  /**
   * A digest that has seen the next {@code length} bytes of {@code in}, or all if there are less.
   */
  static MessageDigest digest(InputStream in, long length) throws IOException {
    MessageDigest digest = Sha256.digest();
    byte[] buffer = new byte[BUFFER];
    long left = length;
    while (left > 0) {
      int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (read < 0) {
        break;
      }
      digest.update(buffer, 0, read);
      left -= read;
    }
    return digest;
  }

  /**
   * A digest that has seen the prefix of {@code file}.
   *
   * @throws IllegalArgumentException when {@code file} does not begin with it
   */
  MessageDigest require(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw CheckpointState.refused(file, "it is not there");
    }
    if (Files.size(file) < length) {
      throw CheckpointState.refused(
          file, "it should have at least %d bytes and has %d".formatted(length, Files.size(file)));
    }
    MessageDigest digest;
    try (InputStream in = Files.newInputStream(file)) {
      digest = digest(in, length);
    }
    if (!of(length, digest).sha256.equals(sha256)) {
      throw CheckpointState.refused(
          file,
          "it is not what the checkpoint was made beside, so it was changed or is another run's");
    }
    return digest;
  }
}
