package dev.cotrace.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What a shell needs to complete commands and options. */
@Command(
    name = "completion",
    description = {
      "Prints a script that makes a shell complete commands, options and their values.",
      "It is made to be read by the shell, so there is no --json."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  source <(cotrace completion bash)       # in this shell; in ~/.bashrc for all",
      "  source <(cotrace completion zsh)        # the same in zsh, in ~/.zshrc"
    })
final class CompletionCommand implements Callable<Integer> {
  /** Names of enum constants, which help and documentation write in small letters. */
  private static final Pattern VALUES = Pattern.compile("(?<=_args=)\\(.*\\)");

  /** Those that read the script. */
  private enum Shell {
    /** With or without the package bash-completion. */
    BASH,
    /** By its own emulation of bash's completion, which the script turns on. */
    ZSH
  }

  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // One script serves both.
  private Shell shell;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  @Override
  public Integer call() {
    PrintWriter out = command.commandLine().getOut();
    String script = AutoComplete.bash("cotrace", command.root().commandLine());
    out.print(VALUES.matcher(script).replaceAll(values -> values.group().toLowerCase(Locale.ROOT)));
    out.flush();
    return 0;
  }
}
