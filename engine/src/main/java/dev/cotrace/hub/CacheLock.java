package dev.cotrace.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/** Keeps others, in this process or not, from writing the same blob. */
final class CacheLock implements AutoCloseable {
  private static final long PAUSE_MILLIS = 200;

  private final FileChannel channel;
  private final @Nullable FileLock lock;

  private CacheLock(FileChannel channel, @Nullable FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Waits until nobody else holds {@code file}.
   *
   * @param what is being waited for, for people
   * @throws CancellationException when {@code listener} asks for an early end
   */
  static CacheLock of(Path file, String what, PullListener listener) throws IOException {
    Files.createDirectories(file.getParent());
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      for (boolean said = false; ; said = true) {
        CacheLock lock = attempt(channel);
        if (lock != null) {
          return lock;
        }
        if (!said) {
          listener.say("waiting for another pull of %s".formatted(what));
        }
        if (listener.stopRequested()) {
          throw new CancellationException("stopped while waiting for another pull");
        }
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      channel.close();
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for another pull");
    } catch (RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable CacheLock attempt(FileChannel channel) {
    try {
      FileLock lock = channel.tryLock();
      return lock == null ? null : new CacheLock(channel, lock);
    } catch (OverlappingFileLockException e) {
      return null;
    } catch (IOException e) {
      return new CacheLock(channel, null); // Some network file systems have no locks.
    }
  }

  /** Whether nobody else writes; false on file systems without locks. */
  boolean isHeld() {
    return lock != null;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
