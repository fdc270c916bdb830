package dev.cotrace.format.jinja;

/** What one rendering may spend, so that a hostile template ends soon and stays small. */
final class Budget {
  /** Evaluated nodes, produced items and, in units of 64 characters, produced text. */
  static final long MAX_STEPS = 10_000_000;

  /** Characters in one text; the real templates' outputs are a thousand times shorter. */
  static final int MAX_TEXT = 10_000_000;

  /** Nested evaluations; keeps recursion far from the end of a default thread stack. */
  static final int MAX_DEPTH = 400;

  private static final int CHARACTERS_PER_STEP = 64;

  private long steps;
  private int depth;

  void step() {
    spend(1);
  }

  void spend(long cost) {
    steps += cost;
    if (steps > MAX_STEPS) {
      throw new Fault("expected to end within %d steps, but it runs on".formatted(MAX_STEPS));
    }
  }

  /** Pays for a text about to be made. */
  void text(long characters) {
    if (characters > MAX_TEXT) {
      throw new Fault(
          "expected texts of at most %d characters, got %d".formatted(MAX_TEXT, characters));
    }
    spend(characters / CHARACTERS_PER_STEP);
  }

  void enter() {
    step();
    if (++depth > MAX_DEPTH) {
      throw new Fault("expected at most %d nested evaluations".formatted(MAX_DEPTH));
    }
  }

  void leave() {
    depth--;
  }
}
