package dev.cotrace.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags that say what gates sit on; keys of the specification. */
@Heading("Units")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class UnitOptions {
  @Option(
      names = "--level",
      paramLabel = "WHAT",
      description = {
        "What gates sit on: edge, node, head, mlp, residual-dim (a coordinate of what a node writes),",
        "neuron (a hidden unit of an MLP) or feature (of a --dictionary). Default: edge."
      })
  private @Nullable String level;

  @Option(
      names = "--dictionary",
      paramLabel = "PATH",
      split = ",",
      description = {
        "Sparse autoencoder or transcoder whose features have gates, for --level feature; several",
        "are joined by commas."
      })
  private @Nullable List<String> dictionary;

  @Option(
      names = "--hook",
      paramLabel = "HOOK",
      split = ",",
      description = {
        "Where a dictionary reads, if its files do not say: blocks.LAYER.NAME. Of several, one each in",
        "their order, - for one whose files do."
      })
  private @Nullable List<String> hook;

  @Option(
      names = "--hook-out",
      paramLabel = "HOOK",
      split = ",",
      description = "Where a transcoder writes, in the same way.")
  private @Nullable List<String> hookOut;

  @Option(
      names = "--input-scale",
      paramLabel = "X",
      split = ",",
      description = {
        "The factor of a dictionary's inputs under expected_average_only_in (SAELens lists it as",
        "norm_scaling_factor), in the same way."
      })
  private @Nullable List<String> inputScale;

  @Option(
      names = "--errors",
      paramLabel = "FATE",
      description = {
        "What features leave over, in circuits: gated, chosen as they are; kept in all; removed from",
        "all. Default: gated."
      })
  private @Nullable String errors;
}
