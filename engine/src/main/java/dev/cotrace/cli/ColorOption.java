package dev.cotrace.cli;

import java.util.Map;
import picocli.CommandLine.Option;

/** Whether there is colour. */
final class ColorOption {
  /** The choices. */
  private enum When {
    /** Whatever is there. */
    ALWAYS,
    /** On a terminal, unless NO_COLOR is set. */
    AUTO,
    /** Not at all. */
    NEVER
  }

  @Option(
      names = {"--color", "--colour"},
      paramLabel = "WHEN",
      description = {
        "always, never, or auto: on a terminal, unless NO_COLOR is set. Default: ${DEFAULT-VALUE}.",
        "All colours where COLORTERM is truecolor, else the 256 of xterm."
      },
      defaultValue = "auto")
  private When when = When.AUTO;

  /** What to paint with in this environment. */
  Paint paint(Map<String, String> environment) {
    boolean wanted =
        switch (when) {
          case ALWAYS -> true;
          case NEVER -> false;
          case AUTO ->
              ProgressDisplay.onTerminal()
                  && environment.getOrDefault("NO_COLOR", "").isEmpty()
                  && !environment.getOrDefault("TERM", "").equals("dumb");
        };
    if (!wanted) {
      return Paint.NONE;
    }
    return environment.getOrDefault("COLORTERM", "").matches("truecolor|24bit")
        ? Paint.TRUE_COLOR
        : Paint.INDEXED;
  }
}
