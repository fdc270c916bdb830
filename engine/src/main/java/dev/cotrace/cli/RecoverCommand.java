package dev.cotrace.cli;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.truth.RecoveryReport;
import dev.cotrace.truth.RecoveryRun;
import dev.cotrace.truth.RecoverySettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** How well methods recover circuits that are known. */
@Command(
    name = "recover",
    description = {
      "Says how well every method recovers circuits that are known because their weights were",
      "written, not trained (docs/ground-truth.md)."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace recover",
      "  cotrace recover through relay --methods ig-gates,eap-ig-inputs --runs 10",
      "  cotrace recover --out known     # keeps the models, tasks and true edges"
    })
final class RecoverCommand implements Callable<Integer> {
  private static final String LINE = "  %-20s %17s %17s %17s%n";

  @Parameters(
      arity = "0..*",
      paramLabel = "TASK",
      description = "through, around, mixed or relay. Default: all.")
  private List<String> tasks = List.of();

  @Option(
      names = "--methods",
      paramLabel = "NAME",
      split = ",",
      description = "Which methods of the table. Default: all.")
  private List<String> methods = List.of();

  @Option(
      names = "--pairs",
      paramLabel = "N",
      description = "Prompt pairs of a run. Default: ${DEFAULT-VALUE}.",
      defaultValue = "16")
  private int pairs;

  @Option(
      names = "--rollouts",
      paramLabel = "K",
      description = "Chains of thought of a pair at one gate value. Default: ${DEFAULT-VALUE}.",
      defaultValue = "8")
  private int rollouts;

  @Option(
      names = "--runs",
      paramLabel = "N",
      description = {
        "Independent runs, each with pairs of its own: errors are over them.",
        "Default: ${DEFAULT-VALUE}."
      },
      defaultValue = "5")
  private int runs;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the first run. Default: ${DEFAULT-VALUE}.",
      defaultValue = "0")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Directory to make, for the models, their tasks and their true edges.")
  private @Nullable Path out;

  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    RecoverySettings settings =
        new RecoverySettings(tasks, methods, pairs, rollouts, runs, seed, out);
    if (out != null) {
      output.main().interruption().leaving("what is in %s is incomplete".formatted(out));
    }
    RecoveryReport report = RecoveryRun.run(settings, output.listener());
    report.tasks().forEach(this::print);
    if (output.json()) {
      output.out().println(report.json());
    }
    output.out().flush();
    return 0;
  }

  private void print(RecoveryReport.Task task) {
    PrintWriter prose = output.prose();
    prose.printf(
        "%n%s: %s. %d of %d edges are true.%n",
        task.name(), task.about(), task.trueEdges(), task.edges());
    prose.printf(LINE, "method", "AUROC", "average precision", "misplaced");
    for (RecoveryReport.Row row : task.rows()) {
      prose.printf(
          LINE,
          row.method(),
          text(row.auroc()),
          text(row.averagePrecision()),
          row.misplaced().map(RecoverCommand::text).orElse("–"));
    }
    prose.flush();
  }

  /** Shares of one. An error of zero is shown: all runs may have agreed by chance. */
  private static String text(Estimate estimate) {
    return String.format(Locale.ROOT, "%.3f ± %.3f", estimate.value(), estimate.standardError());
  }
}
