package dev.cotrace.dictionary;

/**
 * What kind of dictionary one is.
 *
 * @param nonlinearity what makes features of pre-activations
 * @param k the most features that are active at a position; 0 where any number may be
 * @param transcoder whether it predicts another site than the one it reads
 * @param skip whether it adds a linear map of its input to its output
 */
public record Form(Nonlinearity nonlinearity, int k, boolean transcoder, boolean skip) {
  /** What makes features of pre-activations. */
  public enum Nonlinearity {
    /** {@code max(0, p)}. */
    RELU,
    /** One affine map says which features are active, another, of the same matrix, how much. */
    GATED,
    /** p where it is above a threshold of the feature, else 0. */
    JUMP_RELU,
    /** The k largest of a position. */
    TOP_K
  }

  /** Refuses a count where there is nothing to count. */
  public Form {
    if ((nonlinearity == Nonlinearity.TOP_K) != (k > 0)) {
      throw new IllegalArgumentException(
          "expected k above 0 for top-k and for nothing else, got %s with k %d"
              .formatted(nonlinearity, k));
    }
  }

  /**
   * The form that SAELens calls {@code architecture}.
   *
   * @param k of the configuration; looked at for top-k only
   * @throws IllegalArgumentException when there is none
   */
  static Form ofSaeLens(String architecture, int k) {
    return switch (architecture) {
      case "standard" -> new Form(Nonlinearity.RELU, 0, false, false);
      case "gated" -> new Form(Nonlinearity.GATED, 0, false, false);
      case "jumprelu" -> new Form(Nonlinearity.JUMP_RELU, 0, false, false);
      case "topk" -> new Form(Nonlinearity.TOP_K, k, false, false);
      case "transcoder" -> new Form(Nonlinearity.RELU, 0, true, false);
      case "skip_transcoder" -> new Form(Nonlinearity.RELU, 0, true, true);
      case "jumprelu_transcoder" -> new Form(Nonlinearity.JUMP_RELU, 0, true, false);
      case "jumprelu_skip_transcoder" -> new Form(Nonlinearity.JUMP_RELU, 0, true, true);
      case "batchtopk", "matryoshka_batchtopk" ->
          throw new IllegalArgumentException(
              "%s is how a dictionary was trained, and is stored as jumprelu: save it with SAELens for inference"
                  .formatted(architecture));
      default ->
          throw new IllegalArgumentException(
              "expected the architecture standard, gated, jumprelu, topk, transcoder, skip_transcoder, jumprelu_transcoder or jumprelu_skip_transcoder, got '%s'"
                  .formatted(Site.excerpt(architecture)));
    };
  }
}
