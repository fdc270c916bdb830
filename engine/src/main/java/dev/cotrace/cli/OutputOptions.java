package dev.cotrace.cli;

import dev.cotrace.DiscoveryListener;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How a command shows what it does and finds. */
final class OutputOptions {
  @Option(
      names = "--json",
      description = "Print one JSON object on standard output, all else on standard error.")
  private boolean json;

  private @Nullable PrintWriter out;
  private @Nullable PrintWriter err;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  boolean json() {
    return json;
  }

  /** For results; of what is printed, all is made safe. */
  PrintWriter out() {
    out = out == null ? SafeWriter.to(command.commandLine().getOut()) : out;
    return out;
  }

  /** For results whose parts were made safe one by one, because there is colour between them. */
  PrintWriter colored() {
    return command.commandLine().getOut();
  }

  /** For results to read: standard error when standard output is for JSON. */
  PrintWriter prose() {
    return json ? err() : out();
  }

  /** For everything else. */
  PrintWriter err() {
    err = err == null ? SafeWriter.to(command.commandLine().getErr()) : err;
    return err;
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
