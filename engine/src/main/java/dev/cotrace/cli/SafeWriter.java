package dev.cotrace.cli;

import dev.cotrace.TerminalText;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;

/**
 * Hands on what a terminal may show, {@link TerminalText#lines} of it: whatever a command prints
 * went through one of these, so no text of a model or a prompt reaches a terminal raw. JSON stays
 * what it was, because what is spelled out is spelled as JSON spells it.
 */
final class SafeWriter extends Writer {
  private final PrintWriter out;

  /** The first half of a character whose second half is still to come; else 0. */
  private char half;

  private SafeWriter(PrintWriter out) {
    this.out = out;
  }

  /** A printer to {@code out}, flushed after every line that is printed. */
  static PrintWriter to(PrintWriter out) {
    return new PrintWriter(new SafeWriter(out), true);
  }

  @Override
  public void write(char[] buffer, int from, int count) {
    if (count == 0) {
      return;
    }
    boolean split = Character.isHighSurrogate(buffer[from + count - 1]);
    String text = new String(buffer, from, split ? count - 1 : count);
    out.write(TerminalText.lines(half == 0 ? text : half + text));
    half = split ? buffer[from + count - 1] : 0;
  }

  @Override
  public void flush() {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
