package dev.cotrace.cli;

import dev.cotrace.FinishedRun;
import dev.cotrace.ModelCard;
import dev.cotrace.ModelSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a model or a run directory is. */
@Command(
    name = "info",
    description = {
      "Says what a model is. Of a run prints metrics.json, always as JSON; cotrace show has it to read."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace info models/arithmetic --text \"12+7=\"",
      "  cotrace info runs/NAME"
    })
final class InfoCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "MODEL",
      description = "A model as --model takes it, or a run directory.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private String path;

  @Option(
      names = "--text",
      paramLabel = "TEXT",
      description = "Show the tokens of TEXT, ids and strings.")
  private String text = "";

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    PrintWriter out = output.out();
    Optional<Path> run =
        ModelSource.local(path).filter(found -> Files.exists(found.resolve("metrics.json")));
    if (run.isPresent()) {
      out.println(FinishedRun.metrics(run.get()));
    } else {
      ModelCard card = ModelCard.of(path, text);
      if (output.json()) {
        out.println(card.json());
      } else {
        card.facts()
            .forEach((name, value) -> out.printf("%-16s %s%n", name.replace('_', ' '), value));
      }
    }
    out.flush();
    return 0;
  }
}
