package dev.cotrace.cli;

import dev.cotrace.Reselection;
import dev.cotrace.circuit.Level;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Another circuit from the scores of a run. */
@Command(
    name = "select",
    description = {
      "Chooses another circuit by the scores of a run, without sampling again.",
      "What is not said is as the run had it."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace select runs/NAME --select significant=0.05",
      "  cotrace select runs/NAME --select greedy --top 200 --out greedy.json",
      "  cotrace compare full greedy.json --config runs/NAME/spec.yaml"
    })
final class SelectCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RUN", description = "A run directory.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path run;

  @Mixin private final SelectionOptions selection = new SelectionOptions();

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The circuit.json to make. Default: none.")
  private @Nullable Path out;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    Reselection chosen = Reselection.of(run, selection.flags());
    if (out != null) {
      chosen.write(out);
    }
    print(output.prose(), chosen);
    if (output.json()) {
      output.out().println(chosen.json());
    }
    output.out().flush();
    return 0;
  }

  private void print(PrintWriter prose, Reselection chosen) {
    prose.printf(
        "%s: %d %s of %d, %d of them among the %d of the run's own circuit (Jaccard %.0f %%).%n",
        chosen.selection().words(),
        chosen.circuit().size(),
        chosen.circuit().units().level() == Level.EDGE
            ? "connected edges"
            : chosen.circuit().units().nouns(),
        chosen.circuit().units().unitCount(),
        chosen.circuit().shared(chosen.own()),
        chosen.own().size(),
        100 * chosen.circuit().jaccard(chosen.own()));
    if (chosen.circuit().size() == 0) {
      prose.println(
          "The circuit is empty"
              + (chosen.circuit().units().level() == Level.EDGE
                  ? ": no path from input to logits has only such edges."
                  : "."));
    }
    if (out != null) {
      prose.printf("File: %s%n", out);
    }
    prose.flush();
  }
}
