package dev.cotrace;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.report.CircuitFile;
import dev.cotrace.report.ExportedCircuit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a circuit is from: a run directory, or a file.
 *
 * @param path as it was given
 * @param isRun whether that is a directory, of a run or of what was pruned
 */
public record CircuitSource(Path path, boolean isRun) {
  /**
   * Finds the circuit of {@code path}.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static CircuitSource of(Path path) {
    CircuitSource source = new CircuitSource(path, Files.isDirectory(path));
    if (!Files.isRegularFile(source.file())) {
      throw new IllegalArgumentException(
          "%s is neither a run directory nor a circuit: there is no %s%s"
              .formatted(path, source.file(), RunDirectory.adviceOn(path)));
    }
    return source;
  }

  /** The file that holds the circuit. */
  public Path file() {
    return isRun ? path.resolve("circuit.json") : path;
  }

  /** The settings of the run; null where there is no run. */
  public @Nullable Path settings() {
    return isRun ? path.resolve("spec.yaml") : null;
  }

  /**
   * A directory called {@code name}, with a number if that is taken: in the run, or beside the file
   * and called after it.
   */
  public Path free(String name) {
    String stem = isRun ? name : stem() + "-" + name;
    Path first = isRun ? path.resolve(stem) : path.resolveSibling(stem);
    Path free = first;
    for (int number = 2; Files.exists(free, LinkOption.NOFOLLOW_LINKS); number++) {
      free = first.resolveSibling(stem + "-" + number);
    }
    return free;
  }

  /** Whether it is from a run that says more of its scores than the circuit's file. */
  private boolean hasErrors() {
    return Files.exists(path.resolve("scores.safetensors"));
  }

  /** The scores, with their errors where they are those of a run. */
  Attribution attribution() throws IOException {
    if (hasErrors()) {
      StoredRun run = StoredRun.read(path);
      return run.attribution().with(run.clusters());
    }
    return CircuitFile.read(file()).finite(file()).attribution();
  }

  /** The circuit with all that is known of its scores. */
  ExportedCircuit read() throws IOException {
    if (!hasErrors()) {
      return new ExportedCircuit(CircuitFile.read(file()), null);
    }
    StoredRun run = StoredRun.read(path);
    return ExportedCircuit.of(
        run.circuit().circuit(),
        run.metrics().at("/circuit/selection").asString(""),
        run.attribution(),
        run.circuit().width());
  }

  /** The name without the ending of a circuit's file. */
  String stem() {
    return String.valueOf(path.toAbsolutePath().normalize().getFileName())
        .replaceFirst("(\\.eap-ig)?\\.(json|pt)$", "");
  }
}
