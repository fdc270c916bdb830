package dev.cotrace.cli;

import dev.cotrace.DiscoveryResult;
import dev.cotrace.Merge;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shards put together. */
@Command(
    name = "merge",
    description = {
      "Adds up what the shards of a run have done, and does what is left of it: the scores are",
      "those of one process."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace discover --config run.yaml --shard 1/2 --out one     # on one machine",
      "  cotrace discover --config run.yaml --shard 2/2 --out two     # on another",
      "  cotrace merge one two --out runs/both"
    })
final class MergeCommand implements Callable<Integer> {
  @Parameters(arity = "1..*", paramLabel = "DIR", description = "The directories of all shards.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private List<Path> shards;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run directory to make. Default: runs/TIME-TASK-MODEL.")
  private @Nullable Path out;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    DiscoveryResult result = Merge.run(shards, out, output.listener());
    EdgeTable.print(output.prose(), result);
    if (output.json()) {
      output.out().println(result.json());
    }
    output.out().flush();
    return 0;
  }
}
