package dev.cotrace.cli;

import dev.cotrace.CircuitSize;
import dev.cotrace.DifferenceFiles;
import dev.cotrace.RunDifference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What two runs say differently. */
@Command(
    name = "diff",
    description = {
      "Compares the scores of two runs unit by unit, with errors; nothing is sampled.",
      "Differences are the second run less the first."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "The models must have equally many layers and heads: a base model against its instruct model,",
      "one set of prompts against another, with a chain of thought against without, two objectives.",
      "",
      "Examples",
      "  cotrace diff runs/BASE runs/INSTRUCT",
      "  cotrace diff runs/NAME runs/OTHER --top 50 --out runs/diff"
    })
final class DiffCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "RUN_A", description = "A run directory: the first.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path first;

  @Parameters(index = "1", paramLabel = "RUN_B", description = "A run directory: the second.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path second;

  @Option(
      names = "--top",
      paramLabel = "SIZE",
      description =
          "Top edges, or other units, to compare, such as 200 or 5%%. Default: the runs' own, the fewer.")
  private @Nullable String top;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The directory to make, with diff.json and diff.safetensors. Default: none.")
  private @Nullable Path out;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    RunDifference runs =
        RunDifference.of(first, second, top == null ? null : CircuitSize.parse(top));
    if (out != null) {
      DifferenceFiles.write(runs, out);
    }
    DifferenceTable.print(output.prose(), runs);
    if (out != null) {
      output.prose().printf("Files: %s%n", out);
    }
    if (output.json()) {
      output.out().println(DifferenceFiles.json(runs));
    }
    output.prose().flush();
    output.out().flush();
    return 0;
  }
}
