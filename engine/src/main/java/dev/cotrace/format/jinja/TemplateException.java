package dev.cotrace.format.jinja;

/** A template is not understood, fails, runs too long, or itself refuses its input. */
public final class TemplateException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int line;

  /**
   * @param line line of the template, from 1
   * @param reason one sentence without a full stop
   */
  public TemplateException(int line, String reason) {
    super("chat template, line %d: %s".formatted(line, reason));
    this.line = line;
  }

  /** Line of the template, from 1. */
  public int line() {
    return line;
  }
}
