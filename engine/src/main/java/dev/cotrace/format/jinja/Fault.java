package dev.cotrace.format.jinja;

/** Something went wrong while rendering; the interpreter adds the line. */
final class Fault extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Fault(String reason) {
    super(reason, null, false, false);
  }
}
