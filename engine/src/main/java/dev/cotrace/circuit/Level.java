package dev.cotrace.circuit;

/** What gates sit on. */
public enum Level {
  /** Every edge has a gate. */
  EDGE("edge"),
  /** A node: all edges that leave it. */
  NODE("node"),
  /** As {@link #NODE}, of which heads are ranked and chosen; other nodes are in every circuit. */
  HEAD("head"),
  /** As {@link #NODE}, of which MLPs are ranked and chosen; other nodes are in every circuit. */
  MLP("mlp"),
  /** One coordinate of what a node writes into the residual stream. */
  RESIDUAL_DIM("residual-dim"),
  /** A hidden unit of an MLP; heads and the input stay whole. */
  NEURON("neuron"),
  /** A feature of a dictionary, or what its features leave over; other nodes stay whole. */
  FEATURE("feature");

  private final String label;

  Level(String label) {
    this.label = label;
  }

  /** As settings and files call it. */
  public String label() {
    return label;
  }

  /** A unit in words. */
  public String noun() {
    return switch (this) {
      case EDGE, NODE, HEAD, NEURON, FEATURE -> label;
      case MLP -> "MLP";
      case RESIDUAL_DIM -> "coordinate";
    };
  }

  /** Several units in words. */
  public String nouns() {
    return noun() + "s";
  }
}
