package dev.cotrace.model;

import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * The shape of a decoder-only transformer: everything in which families differ.
 *
 * @param family the name of the family in {@code config.json}'s {@code model_type}
 * @param layers number of layers L
 * @param width width of the residual stream D
 * @param vocabulary number of token ids V
 * @param maxPositions longest sequence the model was made for
 * @param attention the attention of every layer
 * @param mlp the MLP of every layer
 * @param normalisation where norms stand and what they compute
 * @param parallel whether a layer's MLP reads what its heads read, and not what they write
 * @param embeddingScale factor of the token embedding, rounded to the model's precision
 * @param logitCap c where logits are {@code c · tanh(logit / c)}; 0 for none
 * @param tiedUnembedding whether logits use the token embedding's matrix
 * @param endTokens ids that end a generation; may be empty
 */
public record Architecture(
    String family,
    int layers,
    int width,
    int vocabulary,
    int maxPositions,
    Attention attention,
    Mlp mlp,
    Normalisation normalisation,
    boolean parallel,
    double embeddingScale,
    double logitCap,
    boolean tiedUnembedding,
    Set<Integer> endTokens) {

  /**
   * The attention of every layer.
   *
   * @param heads number of query heads a layer H
   * @param keyValueHeads number of key/value heads a layer Hk; divides H
   * @param headDimension width of a head dHead
   * @param scale factor of the product of a query and a key, mostly dHead^(−1/2)
   * @param scoreCap c where scores are {@code c · tanh(score / c)}; 0 for none
   * @param inputBias whether the projections to queries, keys and values have biases
   * @param outputBias whether the output projection has one
   * @param headNorm whether queries and keys are normed over dHead before they are rotated
   * @param patterns one for each layer
   */
  public record Attention(
      int heads,
      int keyValueHeads,
      int headDimension,
      double scale,
      double scoreCap,
      boolean inputBias,
      boolean outputBias,
      boolean headNorm,
      List<AttentionPattern> patterns) {
    /** Checks that the numbers fit together. */
    public Attention {
      requirePositive("heads", heads);
      requirePositive("key/value heads", keyValueHeads);
      requirePositive("head dimension", headDimension);
      requireCap("attention scores", scoreCap);
      if (heads % keyValueHeads != 0) {
        throw new IllegalArgumentException(
            "%d key/value heads do not divide %d query heads".formatted(keyValueHeads, heads));
      }
      if (!Double.isFinite(scale) || scale <= 0) {
        throw new IllegalArgumentException("expected a positive attention scale, got " + scale);
      }
      for (AttentionPattern pattern : patterns) {
        requireFits(pattern.rotary(), headDimension);
      }
      patterns = List.copyOf(patterns);
    }

    /** Heads without biases, norms or caps, alike in all layers. */
    public static Attention plain(
        int layers, int heads, int keyValueHeads, int headDimension, Rotary rotary) {
      return new Attention(
          heads,
          keyValueHeads,
          headDimension,
          Math.pow(headDimension, -0.5),
          /* scoreCap= */ 0,
          /* inputBias= */ false,
          /* outputBias= */ false,
          /* headNorm= */ false,
          Collections.nCopies(layers, AttentionPattern.full(rotary)));
    }

    /** These heads with biases on all their projections. */
    public Attention withBiases() {
      return new Attention(
          heads, keyValueHeads, headDimension, scale, scoreCap, true, true, headNorm, patterns);
    }

    private static void requireFits(Rotary rotary, int headDimension) {
      if (rotary.dimensions() > headDimension) {
        throw new IllegalArgumentException(
            "rotary positions turn %d dimensions of a head that has %d"
                .formatted(rotary.dimensions(), headDimension));
      }
    }
  }

  /**
   * The MLP of every layer.
   *
   * @param width hidden units F
   * @param activation the nonlinearity
   * @param gated whether it is down(activation(gate(x)) · up(x)) or down(activation(up(x)))
   * @param bias whether its linear maps have biases
   */
  public record Mlp(int width, Activation activation, boolean gated, boolean bias) {
    /** Checks that there are hidden units. */
    public Mlp {
      requirePositive("MLP width", width);
    }
  }

  /**
   * Where norms stand and what they compute.
   *
   * @param centred LayerNorm with a bias, or RMSNorm without one
   * @param epsilon added to the variance, or mean square, before its root
   * @param post whether what heads and MLP add to the residual stream is normed once more
   */
  public record Normalisation(boolean centred, double epsilon, boolean post) {
    /** Checks that a root can be taken. */
    public Normalisation {
      if (!Double.isFinite(epsilon) || epsilon < 0) {
        throw new IllegalArgumentException(
            "expected a norm's epsilon of at least 0, got " + epsilon);
      }
    }

    /** LayerNorm before every block. */
    public static Normalisation layerNorm(double epsilon) {
      return new Normalisation(true, epsilon, false);
    }

    /** RMSNorm before every block. */
    public static Normalisation rms(double epsilon) {
      return new Normalisation(false, epsilon, false);
    }

    /** These norms, and one more after every block. */
    public Normalisation withPost() {
      return new Normalisation(centred, epsilon, true);
    }
  }

  /** Nonlinearity of an MLP. */
  public enum Activation {
    /** x · sigmoid(x). */
    SILU,
    /** x · Φ(x), exact. */
    GELU,
    /** The tanh approximation of GELU. */
    GELU_TANH
  }

  /** Checks that the numbers fit together. */
  public Architecture {
    requirePositive("layers", layers);
    requirePositive("width", width);
    requirePositive("vocabulary", vocabulary);
    requirePositive("positions", maxPositions);
    requireCap("logits", logitCap);
    if (attention.patterns().size() != layers) {
      throw new IllegalArgumentException(
          "expected attention patterns for %d layers, got %d"
              .formatted(layers, attention.patterns().size()));
    }
    if (normalisation.post() && attention.outputBias()) {
      // Such a bias would be neither a head's nor a constant of the stream.
      throw new IllegalArgumentException(
          "a norm after the heads and a bias of their output projection are not supported together");
    }
    endTokens = Set.copyOf(endTokens);
  }

  /** A llama without biases, its scaling that of plain heads. */
  public static Architecture llama(
      Attention attention,
      int width,
      int mlpWidth,
      int vocabulary,
      int maxPositions,
      double epsilon,
      boolean tiedUnembedding,
      Set<Integer> endTokens) {
    return new Architecture(
        "llama",
        attention.patterns().size(),
        width,
        vocabulary,
        maxPositions,
        attention,
        new Mlp(mlpWidth, Activation.SILU, /* gated= */ true, /* bias= */ false),
        Normalisation.rms(epsilon),
        /* parallel= */ false,
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        tiedUnembedding,
        endTokens);
  }

  /** Number of query heads a layer H. */
  public int heads() {
    return attention.heads;
  }

  /** Number of key/value heads a layer Hk. */
  public int keyValueHeads() {
    return attention.keyValueHeads;
  }

  /** Width of a head dHead. */
  public int headDimension() {
    return attention.headDimension;
  }

  /** Number of query heads that share one key/value head. */
  public int groupSize() {
    return attention.heads / attention.keyValueHeads;
  }

  private static void requirePositive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "a model needs at least one of %s, got %d".formatted(what, value));
    }
  }

  private static void requireCap(String what, double cap) {
    if (!Double.isFinite(cap) || cap < 0) {
      throw new IllegalArgumentException(
          "expected a soft cap of %s above 0, or 0 for none, got %s".formatted(what, cap));
    }
  }
}
