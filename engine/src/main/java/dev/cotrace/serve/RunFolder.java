package dev.cotrace.serve;

import dev.cotrace.RunDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The runs in a directory and two levels below it; links are not followed.
 *
 * @param root the directory
 */
record RunFolder(Path root) {
  private static final int DEEPEST = 3;

  /** More runs than anybody looks through. */
  private static final int MOST = 2000;

  /**
   * A run.
   *
   * @param name its path below the directory, {@code /} between the parts; without the ending of a
   *     run in progress
   * @param path its directory
   * @param complete whether it has ended as it should
   * @param changed when something was last written to it
   */
  record Run(String name, Path path, boolean complete, Instant changed) {}

  /** All runs, the newest first. */
  List<Run> runs() throws IOException {
    List<Run> runs = new ArrayList<>();
    try (Stream<Path> all =
        Files.find(root, DEEPEST, (_, attributes) -> attributes.isDirectory())) {
      all.limit(MOST * 10L).forEach(directory -> run(directory).ifPresent(runs::add));
    } catch (UncheckedIOException e) {
      // A directory went away, or may not be read, meanwhile: the others are still there.
      if (runs.isEmpty() && !Files.isReadable(root)) {
        throw e.getCause();
      }
    }
    runs.sort(Comparator.comparing(Run::changed).reversed());
    return List.copyOf(runs.subList(0, Math.min(MOST, runs.size())));
  }

  /** The run called {@code name}; in progress rather than none. */
  Optional<Run> find(String name) throws IOException {
    return runs().stream()
        .filter(run -> run.name().equals(name))
        .max(Comparator.comparing(Run::complete));
  }

  private Optional<Run> run(Path directory) {
    String name = root.relativize(directory).toString().replace('\\', '/');
    boolean complete = !name.endsWith(RunDirectory.INCOMPLETE);
    boolean is =
        complete
            ? isFile(directory, "metrics.json") && isFile(directory, "scores.safetensors")
            : isFile(directory, "rollouts.jsonl");
    if (!is || !isFile(directory, "spec.yaml")) {
      return Optional.empty();
    }
    String own =
        complete ? name : name.substring(0, name.length() - RunDirectory.INCOMPLETE.length());
    try {
      Path newest = directory.resolve(complete ? "metrics.json" : "rollouts.jsonl");
      return Optional.of(
          new Run(own, directory, complete, Files.getLastModifiedTime(newest).toInstant()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static boolean isFile(Path directory, String name) {
    return Files.isRegularFile(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
  }
}
