package dev.cotrace;

import dev.cotrace.hub.HubReference;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Names of run directories for which none was given. */
final class RunNames {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private RunNames() {}

  /** What {@code spec} says, else {@code runs/TIME-TASK-MODEL}. */
  static Path directory(DiscoverySpec spec) {
    return spec.out() != null
        ? Path.of(spec.out())
        : Path.of(
            "runs",
            "%s-%s-%s"
                .formatted(
                    TIME.format(LocalDateTime.now(ZoneId.systemDefault())),
                    stem(spec.task()),
                    model(spec.model())));
  }

  /**
   * The name of the model {@code text}, of a hub or a file, without what file names cannot have.
   */
  static String model(String text) {
    Optional<HubReference> reference =
        ModelSource.local(text).isPresent() ? Optional.empty() : HubReference.parse(text);
    return stem(
        reference
            .map(hub -> Objects.requireNonNullElse(hub.file(), hub.repository().text()))
            .orElse(text));
  }

  private static String stem(String path) {
    @Nullable Path last = Path.of(path).normalize().toAbsolutePath().getFileName();
    String name = last == null ? "model" : last.toString();
    return safe(name.replaceFirst("(?i)\\.(jsonl|json|csv|parquet|gguf)$", ""));
  }

  /** {@code name} with an underscore for what not every system has in names of files. */
  static String safe(String name) {
    return name.replaceAll("[^A-Za-z0-9._-]+", "_");
  }
}
