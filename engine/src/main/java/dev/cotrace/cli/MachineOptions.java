package dev.cotrace.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags for speed and memory; keys of the specification. */
@Heading("Machine")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class MachineOptions {
  @Option(
      names = "--batch-rows",
      paramLabel = "N",
      description = "Rollouts in one batch at most: speed and memory, not results. Default: 64.")
  private @Nullable Integer batchRows;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = {
        "What the run may come to hold, such as 8G or 1.5GiB, or a share of what is free.",
        "Default: 70%%."
      })
  private @Nullable String memory;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float64, float32 or bfloat16. Default: float32.")
  private @Nullable String dtype;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, cuda or cuda:N. Default: cpu.")
  private @Nullable String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Cores for batches side by side, or for one batch: speed and memory, not results.")
  private @Nullable Integer threads;
}
