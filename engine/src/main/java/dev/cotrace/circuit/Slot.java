package dev.cotrace.circuit;

/** Which input of its target an edge feeds. */
public enum Slot {
  /** A head's query input. */
  Q("<q>"),
  /** A head's key input. */
  K("<k>"),
  /** A head's value input. */
  V("<v>"),
  /** The only input of an MLP or of the logits. */
  IN("");

  private final String suffix;

  Slot(String suffix) {
    this.suffix = suffix;
  }

  /** The ending of an edge's name, for example {@code <q>}. */
  public String suffix() {
    return suffix;
  }
}
