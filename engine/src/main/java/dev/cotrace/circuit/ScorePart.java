package dev.cotrace.circuit;

/** Which effect a score is of. */
public enum ScorePart {
  /** Both of the next two. */
  TOTAL,
  /** The effect at fixed tokens: around the words. */
  DIRECT,
  /** The effect by which tokens get sampled: through the words. */
  THROUGH;

  /** The scores of {@code attribution} of this kind. */
  public Scores of(Attribution attribution) {
    return switch (this) {
      case TOTAL -> attribution.total();
      case DIRECT -> attribution.direct();
      case THROUGH -> attribution.throughCot();
    };
  }

  /** Those of {@code cells} added up, as {@link Attribution#sum} has it. */
  public Estimate sum(Attribution attribution, int... cells) {
    return switch (this) {
      case TOTAL -> attribution.sum(cells);
      case DIRECT -> attribution.sumDirect(cells);
      case THROUGH -> attribution.sumThroughCot(cells);
    };
  }

  /** How the effect gets to the outcome, to put after what it is; nothing for both ways. */
  public String after() {
    return switch (this) {
      case TOTAL -> "";
      case DIRECT -> ", around the words";
      case THROUGH -> ", through the words";
    };
  }
}
