package dev.cotrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;

/** The command line in this JVM, and what the last command printed. */
final class Cotrace {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final boolean overwriting;

  /** As users have it. */
  Cotrace() {
    this(false);
  }

  private Cotrace(boolean overwriting) {
    this.overwriting = overwriting;
  }

  /** One that takes an option twice, and the later one. */
  static Cotrace overwriting() {
    return new Cotrace(true);
  }

  /** Runs a command and gives its exit code. */
  int run(String... words) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Main.commandLine(new Interruption())
        .setOverwrittenOptionsAllowed(overwriting)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(words);
  }

  /** What the last command printed on standard output. */
  String out() {
    return out.toString();
  }

  /** What the last command printed on standard error. */
  String err() {
    return err.toString();
  }

  /** Runs a command that must succeed, and gives what it printed. */
  String succeeds(String... words) {
    assertThat(run(words)).as(Arrays.toString(words) + err).isZero();
    return out.toString();
  }

  /** Runs a command that must be refused, and say {@code because}. */
  void fails(String because, String... words) {
    assertThat(run(words)).as(Arrays.toString(words) + err).isEqualTo(2);
    assertThat(err.toString()).contains(because);
  }
}
