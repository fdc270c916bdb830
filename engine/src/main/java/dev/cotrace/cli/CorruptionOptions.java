package dev.cotrace.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags that say where corrupted values come from; keys of the specification. */
@Heading("Corrupted runs")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class CorruptionOptions {
  @Option(
      names = "--corruption",
      paramLabel = "KIND",
      description = {
        "Where corrupted values come from: same, map, resample, zero, mean, mean-positional",
        "or noise=SIGMA. Default: the task's, else same."
      })
  private @Nullable String corruption;

  @Option(
      names = "--corruption-map",
      paramLabel = "ENTRY",
      description =
          "For map: \"FROM => TO\", one token each, or s/REGEX/REPLACEMENT/; may be repeated.")
  private @Nullable List<String> corruptionMap;

  @Option(
      names = "--means",
      paramLabel = "FILE",
      description = "For mean and mean-positional: what cotrace means wrote.")
  private @Nullable String means;
}
