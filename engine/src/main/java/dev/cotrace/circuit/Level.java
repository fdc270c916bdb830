package dev.cotrace.circuit;

/** What gates sit on. */
public enum Level {
  /** Every edge has a gate. */
  EDGE("edge"),
  /** A node: all edges that leave it. */
  NODE("node"),
  /** One coordinate of what a node writes into the residual stream. */
  RESIDUAL_DIM("residual-dim"),
  /** A hidden unit of an MLP; heads and the input stay whole. */
  NEURON("neuron");

  private final String label;

  Level(String label) {
    this.label = label;
  }

  /** As settings and files call it. */
  public String label() {
    return label;
  }
}
