package dev.cotrace.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A whole file mapped read-only into an arena that the caller closes; any size. */
record MappedFile(Path path, MemorySegment bytes) {
  /** Turns mapped bytes into something that owns the arena from then on. */
  interface Opening<T> {
    T open(Arena arena) throws IOException;
  }

  /** Runs {@code body} with an arena that any thread may use; closes it if the body fails. */
  @SuppressWarnings("MustBeClosedChecker") // The opened file owns the arena and closes it.
  static <T> T opening(Opening<T> body) throws IOException {
    Arena arena = Arena.ofShared();
    boolean opened = false;
    try {
      T result = body.open(arena);
      opened = true;
      return result;
    } finally {
      if (!opened) {
        arena.close();
      }
    }
  }

  static MappedFile map(Path path, Arena arena) throws IOException {
    RegularFile.require(path);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment bytes =
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena).asReadOnly();
      return new MappedFile(path, bytes);
    }
  }

  long size() {
    return bytes.byteSize();
  }
}
