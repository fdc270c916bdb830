package dev.cotrace.format;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Unpacks a member of a zip archive into memory of a size known before. */
final class Inflation implements AutoCloseable {
  /** Below the size of a ByteBuffer. */
  private static final long PIECE = 1L << 30;

  private final Path file;
  private final long at;
  private final String name;
  private final MemorySegment packed;
  private final Inflater inflater = new Inflater(/* nowrap= */ true);
  private long fed;

  Inflation(Path file, long at, String name, MemorySegment packed) {
    this.file = file;
    this.at = at;
    this.name = name;
    this.packed = packed;
  }

  /** Hands {@code bytes} to {@code piece} from first to last. */
  static void pieces(MemorySegment bytes, Consumer<ByteBuffer> piece) {
    for (long from = 0; from < bytes.byteSize(); from += PIECE) {
      piece.accept(bytes.asSlice(from, Math.min(PIECE, bytes.byteSize() - from)).asByteBuffer());
    }
  }

  /** Fills {@code out} with the next bytes. */
  void fill(MemorySegment out) {
    pieces(out, this::fill);
  }

  private void fill(ByteBuffer out) {
    while (out.hasRemaining()) {
      if (inflate(out) == 0) {
        throw malformed("expected %d bytes more than it unpacks to".formatted(out.remaining()));
      }
    }
  }

  /** Refuses what unpacks to more than was asked for. */
  void requireEnd() {
    if (inflate(ByteBuffer.allocate(1)) > 0 || !inflater.finished()) {
      throw malformed("expected it to end with its last element, but it unpacks to more");
    }
    if (inflater.getTotalIn() != packed.byteSize()) {
      throw malformed("expected nothing behind its compressed bytes, but there is more");
    }
  }

  /** The number of bytes put into {@code out}; 0 at the end of either side. */
  private int inflate(ByteBuffer out) {
    try {
      while (true) {
        int count = inflater.inflate(out);
        if (count > 0 || inflater.finished() || inflater.needsDictionary()) {
          return count;
        }
        if (fed == packed.byteSize()) {
          return 0;
        }
        long length = Math.min(PIECE, packed.byteSize() - fed);
        inflater.setInput(packed.asSlice(fed, length).asByteBuffer());
        fed += length;
      }
    } catch (DataFormatException e) {
      throw malformed("expected bytes compressed by DEFLATE, but: " + e.getMessage());
    }
  }

  private MalformedModelException malformed(String reason) {
    return new MalformedModelException(
        file, at, "array %s: %s".formatted(ZipDirectory.shown(name), reason));
  }

  @Override
  public void close() {
    inflater.end();
  }
}
