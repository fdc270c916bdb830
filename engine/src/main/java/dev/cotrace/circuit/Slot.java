package dev.cotrace.circuit;

import java.util.Locale;

/** Which input of its target an edge feeds. */
public enum Slot {
  /** A head's query input. */
  Q(0, "<q>"),
  /** A head's key input. */
  K(1, "<k>"),
  /** A head's value input. */
  V(2, "<v>"),
  /** The only input of an MLP or of the logits. */
  IN(0, "");

  private final int block;
  private final String suffix;

  Slot(int block, String suffix) {
    this.block = block;
    this.suffix = suffix;
  }

  /** Which block of a layer's head targets the slot is: all q first, then all k, then all v. */
  int block() {
    return block;
  }

  /** Its name in tables: {@code q}, {@code k}, {@code v} or {@code in}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The ending of an edge's name, for example {@code <q>}. */
  public String suffix() {
    return suffix;
  }
}
