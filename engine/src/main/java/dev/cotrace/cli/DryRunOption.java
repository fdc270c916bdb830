package dev.cotrace.cli;

import dev.cotrace.RunPlan;
import picocli.CommandLine.Option;

/** Asks what a command would do and take. */
final class DryRunOption {
  @Option(
      names = "--dry-run",
      description = "Print how the run would be laid out, its memory and work, and end.")
  private boolean asked;

  boolean asked() {
    return asked;
  }

  void print(RunPlan plan, OutputOptions output) {
    plan.lines().forEach(output.prose()::println);
    output.prose().flush();
    if (output.json()) {
      output.out().println(plan.text());
    }
  }
}
