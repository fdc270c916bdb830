package dev.cotrace.cli;

import dev.cotrace.RunReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** The page of a run. */
@Command(
    name = "report",
    description = {
      "Writes the page of a run: circuit, transcripts, faithfulness and doubt in one HTML file that",
      "opens without a network. What cotrace evaluate and cotrace verify found is in it if they ran before."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace report runs/NAME",
      "  cotrace evaluate runs/NAME && cotrace report runs/NAME     # with faithfulness at every size",
      "  cotrace report runs/NAME --out page.html"
    })
final class ReportCommand implements Callable<Integer> {
  @Parameters(paramLabel = "RUN", description = "A run directory.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path run;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "What to write. Default: report.html in RUN, which is replaced.")
  private @Nullable Path out;

  @Option(names = "--force", description = "Replace FILE if it is there already.")
  private boolean force;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    Path file = Objects.requireNonNullElseGet(out, () -> run.resolve(RunReport.NAME));
    if (out != null && !force && Files.exists(out)) {
      throw new IllegalArgumentException(
          "%s already exists: give another --out, or --force to replace it".formatted(out));
    }
    RunReport.write(run, file);
    long bytes = Files.size(file);
    if (output.json()) {
      output
          .out()
          .println(
              new JsonMapper().createObjectNode().put("file", file.toString()).put("bytes", bytes));
    }
    output.prose().printf("%s (%.1f MB): open it in a browser%n", file, bytes / 1e6);
    output.prose().flush();
    output.out().flush();
    return 0;
  }
}
