package dev.cotrace.rollout;

import dev.cotrace.torch.Placement;
import org.jspecify.annotations.Nullable;

/** The distribution of the next token of every row of a batch; belongs to the caller's scope. */
final class NextTokens {
  private final Logits logits;
  private final Draw draw;
  private final Randomness randomness;
  private final Draw.Stream[] streams;
  private int @Nullable [] drawn;

  /**
   * Distributions to draw from.
   *
   * @param streams of each row
   */
  NextTokens(Logits logits, Draw draw, Randomness randomness, Draw.Stream[] streams) {
    this.logits = logits;
    this.draw = draw;
    this.randomness = randomness;
    this.streams = streams;
  }

  /** The token that {@code row}'s own random stream gives. */
  int drawn(int row) {
    if (drawn == null) {
      drawn = draw.tokens(logits, randomness, streams);
    }
    return drawn[row];
  }

  /**
   * Probability of each id in {@code row}.
   *
   * @throws IllegalArgumentException when the logits give no distribution
   */
  double[] probabilities(int row) {
    double[] probabilities = Placement.toDoubles(logits.row(row).softmax(-1));
    Draw.requireFinite(probabilities);
    return probabilities;
  }
}
