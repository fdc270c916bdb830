package dev.cotrace.cli;

import dev.cotrace.DiscoveryListener;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How a command shows what it does and finds. */
final class OutputOptions {
  @Option(
      names = "--json",
      description = "Print one JSON object on standard output, all else on standard error.")
  private boolean json;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  boolean json() {
    return json;
  }

  /** For results. */
  PrintWriter out() {
    return command.commandLine().getOut();
  }

  /** For results to read: standard error when standard output is for JSON. */
  PrintWriter prose() {
    return json ? err() : out();
  }

  /** For everything else. */
  PrintWriter err() {
    return command.commandLine().getErr();
  }

  /** What this process runs in. */
  Main main() {
    return (Main) command.root().userObject();
  }

  /** Shows progress, and asks whether to go on. */
  DiscoveryListener listener() {
    return new ProgressDisplay(err(), main().interruption());
  }
}
