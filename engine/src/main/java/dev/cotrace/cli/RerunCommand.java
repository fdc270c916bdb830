package dev.cotrace.cli;

import dev.cotrace.Rerun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A run once more. */
@Command(
    name = "rerun",
    description = {
      "Does a run once more from what its directory says, and compares: the same machine and",
      "versions give the same scores to the last bit, another layout the same but for rounding.",
      "Ends with exit code 1 where scores differ by more."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace rerun runs/NAME",
      "  cotrace rerun runs/NAME --threads 1 --batch-rows 16 --out runs/again"
    })
final class RerunCommand implements Callable<Integer> {
  private static final int DIFFERS = 1;

  @Parameters(paramLabel = "RUN", description = "A run directory.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path run;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run directory to make. Default: runs/TIME-TASK-MODEL.")
  private @Nullable Path out;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Another number of threads. Default: the run's layout, whatever fits now.")
  private @Nullable Integer threads;

  @Option(names = "--batch-rows", paramLabel = "N", description = "Other batches.")
  private @Nullable Integer batchRows;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    Map<String, Object> flags = new HashMap<>();
    if (threads != null) {
      flags.put("threads", threads);
    }
    if (batchRows != null) {
      flags.put("batch-rows", batchRows);
    }
    Rerun rerun = Rerun.of(run, out, flags, output.listener());
    print(output.prose(), rerun);
    if (output.json()) {
      output.out().println(rerun.json());
    }
    output.out().flush();
    return rerun.agrees() ? 0 : DIFFERS;
  }

  private static void print(PrintWriter out, Rerun rerun) {
    rerun.changed().forEach(change -> out.println("Done with something else: " + change));
    out.printf(
        "Scores: %s; circuit: %s; rollouts: %s.%nFiles: %s%n",
        rerun.sameScores()
            ? "the same to the last bit"
            : "differ by %.2g of the largest at most, %s than the %.0g that rounding may do"
                .formatted(rerun.largest(), rerun.agrees() ? "less" : "more", Rerun.TOLERANCE),
        rerun.sameCircuit() ? "the same file" : "another file",
        rerun.sameRollouts() ? "the same file" : "another file",
        rerun.again());
    out.flush();
  }
}
