package dev.cotrace.format.parquet;

import dev.hardwood.InputFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A file whose ranges are copied, not mapped: native code that unpacks a mapped page would end the
 * JVM if the file were cut short meanwhile.
 *
 * @param channel open for reading; closed by whoever opened it
 */
record CopiedFile(Path path, FileChannel channel) implements InputFile {
  @Override
  public void open() {}

  @Override
  public ByteBuffer readRange(long offset, int length) throws IOException {
    if (offset < 0 || length < 0 || offset > channel.size() - length) {
      throw new EOFException(
          "byte %d: %d bytes are expected that are not in the file".formatted(offset, length));
    }
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, offset + bytes.position()) < 0) {
        throw new EOFException("byte %d: the file was cut short".formatted(offset));
      }
    }
    return bytes.flip();
  }

  @Override
  public long length() throws IOException {
    return channel.size();
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public void close() {}
}
