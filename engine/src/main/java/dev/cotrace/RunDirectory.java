package dev.cotrace;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of one run, never overwritten.
 *
 * <p>While the run goes on they lie in {@code NAME.incomplete}; each is written under a temporary
 * name, synced and renamed, and {@link #finish} renames the whole, so that a directory called
 * {@code NAME} is complete. A run that ends early leaves {@code NAME.incomplete} when rollouts were
 * written, and nothing otherwise.
 */
public final class RunDirectory implements AutoCloseable {
  /** Ending of the name while the run goes on. */
  public static final String INCOMPLETE = ".incomplete";

  private static final String PART = ".part";
  private static final String LOCK = "lock";

  private final Path path;
  private final Path incomplete;
  private final FileChannel lock;
  private boolean worthKeeping;
  private boolean finished;

  private RunDirectory(Path path, Path incomplete, FileChannel lock) {
    this.path = path;
    this.incomplete = incomplete;
    this.lock = lock;
  }

  /**
   * Makes the directory that will be {@code path}.
   *
   * @throws IllegalArgumentException when there is something of that name already
   */
  public static RunDirectory create(Path path) throws IOException {
    Path absolute = path.toAbsolutePath().normalize();
    Path incomplete = absolute.resolveSibling(absolute.getFileName() + INCOMPLETE);
    if (Files.exists(absolute, LinkOption.NOFOLLOW_LINKS)) {
      throw new IllegalArgumentException(
          "the output directory %s already exists; give another --out or remove it"
              .formatted(path));
    }
    try {
      Files.createDirectories(absolute.getParent());
      if (isLeftEmpty(incomplete)) {
        return new RunDirectory(path, incomplete, lock(incomplete));
      }
      Files.createDirectory(incomplete);
    } catch (FileAlreadyExistsException e) {
      throw new IllegalArgumentException(
          e.getFile().equals(incomplete.toString())
              ? "%1$s%2$s is there from a run that goes on or was stopped; go on with it by cotrace discover --resume %1$s, give another --out, or remove it"
                  .formatted(path, INCOMPLETE)
              : "cannot make the output directory %s: %s is a file".formatted(path, e.getFile()),
          e);
    } catch (FileSystemException e) {
      throw new IllegalArgumentException(
          "cannot make the output directory %s: %s"
              .formatted(path, e.getReason() == null ? e.getMessage() : e.getReason()),
          e);
    }
    return new RunDirectory(path, incomplete, lock(incomplete));
  }

  /** What to do where {@code path} would be a run, but is not complete; may be empty. */
  static String adviceOn(Path path) {
    Path incomplete = path.resolveSibling(path.getFileName() + INCOMPLETE);
    return Files.isDirectory(incomplete)
        ? ", but %s, of a run that goes on or was stopped: cotrace discover --resume %s goes on with it"
            .formatted(incomplete, path)
        : "";
  }

  /** Whether a process that was killed before it wrote anything left {@code incomplete}. */
  private static boolean isLeftEmpty(Path incomplete) throws IOException {
    if (!Files.isDirectory(incomplete, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    try (Stream<Path> files = Files.list(incomplete)) {
      return files.allMatch(file -> String.valueOf(file.getFileName()).equals(LOCK));
    }
  }

  /**
   * Goes on with a run that was broken off.
   *
   * @param given the directory, with or without {@link #INCOMPLETE} at the end of its name
   * @throws IllegalArgumentException when there is none, or when its run goes on
   */
  public static RunDirectory resume(Path given) throws IOException {
    String name = given.toString();
    Path path =
        name.endsWith(INCOMPLETE)
            ? Path.of(name.substring(0, name.length() - INCOMPLETE.length()))
            : given;
    Path absolute = path.toAbsolutePath().normalize();
    Path incomplete = absolute.resolveSibling(absolute.getFileName() + INCOMPLETE);
    if (!Files.isDirectory(incomplete)) {
      throw new IllegalArgumentException(
          Files.isDirectory(absolute)
              ? "the run %s is complete: there is nothing to go on with".formatted(path)
              : "there is no run to go on with: %s%s does not exist".formatted(path, INCOMPLETE));
    }
    RunDirectory directory = new RunDirectory(path, incomplete, lock(incomplete));
    directory.keep();
    try (Stream<Path> files = Files.walk(incomplete)) {
      for (Path file : files.filter(f -> f.toString().endsWith(PART)).toList()) {
        Files.delete(file);
      }
    }
    return directory;
  }

  /** Keeps other processes away until this one ends, however it does. */
  private static FileChannel lock(Path incomplete) throws IOException {
    FileChannel channel =
        FileChannel.open(
            incomplete.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    @Nullable FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException _) {
      lock = null;
    }
    if (lock == null) {
      channel.close();
      throw new IllegalArgumentException(
          "another process is writing to %s; wait for its end".formatted(incomplete));
    }
    return channel;
  }

  /** The name this directory will have, as it was given. */
  public Path path() {
    return path;
  }

  /** Where the files are until {@link #finish}, named as {@link #path} is. */
  public Path incomplete() {
    return Path.of(path + INCOMPLETE);
  }

  /** Writes one file as a whole. */
  public interface Content {
    /** Writes to {@code temporary}, which does not exist yet. */
    void writeTo(Path temporary) throws IOException;
  }

  /** Writes the file {@code name}; a failure leaves none. */
  public void write(String name, Content content) throws IOException {
    Path temporary = incomplete.resolve(name + PART);
    try {
      content.writeTo(temporary);
      // Not a channel: those close in a thread that is to stop.
      try (FileOutputStream file = new FileOutputStream(temporary.toFile(), /* append= */ true)) {
        file.getFD().sync();
      }
      Files.move(temporary, incomplete.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** Writes the file {@code name} with {@code text} in UTF-8. */
  public void write(String name, String text) throws IOException {
    write(
        name,
        temporary -> {
          try (FileOutputStream file = new FileOutputStream(temporary.toFile())) {
            file.write(text.getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  /** From now on, what is here stays even if the run ends early. */
  public void keep() {
    worthKeeping = true;
  }

  /** Names of the files written so far. */
  public List<String> files() {
    try (Stream<Path> files = Files.list(finished ? path : incomplete)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !name.endsWith(PART) && !name.equals(LOCK))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives the directory its name: the run is complete. */
  public Path finish() throws IOException {
    Files.deleteIfExists(incomplete.resolve(LOCK));
    sync(incomplete);
    try {
      Files.move(incomplete, path.toAbsolutePath(), StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      throw new IllegalArgumentException(
          "all is done, but %s could not be renamed to %s (%s): move what is there away, then rename it yourself"
              .formatted(incomplete, path, e.getReason()),
          e);
    }
    finished = true;
    sync(incomplete.resolveSibling("."));
    return path;
  }

  /** Removes what a run that ended early left, unless it is worth keeping. */
  @Override
  public void close() throws IOException {
    if (!finished && !worthKeeping) {
      delete(incomplete);
    }
    lock.close();
  }

  /** Removes the folder {@code name} with all in it. */
  void remove(String name) throws IOException {
    delete((finished ? path.toAbsolutePath() : incomplete).resolve(name));
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Makes renames in {@code directory} durable, where the system can. */
  private static void sync(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows opens no directories; its renames are durable without this.
    }
  }
}
