package dev.cotrace.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags that say how chains of thought are drawn; keys of the specification. */
@Heading("Sampling")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class SamplingOptions {
  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Budget of sampled tokens. Default: the task's, else 64.")
  private @Nullable Integer maxNewTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Of sampling. Default: the task's, else 1.")
  private @Nullable Double temperature;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "Text that ends the chain of thought; may be repeated; \\n is a newline.")
  private @Nullable List<String> stop;

  @Option(
      names = "--stop-ids",
      paramLabel = "ID,…",
      description = "As --stop, in token ids; may be repeated.")
  private @Nullable List<String> stopIds;

  @Option(names = "--seed", paramLabel = "N", description = "Of every draw. Default: 0.")
  private @Nullable Long seed;

  @Option(
      names = "--branch-at",
      paramLabel = "WHERE",
      description = {
        "Where trees branch: after a sentence, a line, after:TEXT, or where the next token has",
        "entropy:NATS or more. Default: sentence."
      })
  private @Nullable String branchAt;
}
