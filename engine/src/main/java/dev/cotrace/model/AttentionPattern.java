package dev.cotrace.model;

/**
 * What positions mean to the attention of a layer; families with local and global layers have two.
 *
 * @param rotary rotary position embedding, or {@link Rotary#NONE}
 * @param window how many positions a query sees, its own included; 0 for all before it
 */
public record AttentionPattern(Rotary rotary, int window) {
  /** Checks that a window has positions in it. */
  public AttentionPattern {
    if (window < 0) {
      throw new IllegalArgumentException(
          "expected a sliding window of at least one position, got " + window);
    }
  }

  /** Every earlier position is seen. */
  public static AttentionPattern full(Rotary rotary) {
    return new AttentionPattern(rotary, 0);
  }
}
