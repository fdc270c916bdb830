package dev.cotrace.model;

import java.util.Set;

/**
 * The shape of a decoder-only transformer: everything in which families differ.
 *
 * @param family the name of the family in {@code config.json}'s {@code model_type}
 * @param layers number of layers L
 * @param heads number of query heads a layer H
 * @param keyValueHeads number of key/value heads a layer Hk; divides H
 * @param headDimension width of a head dHead
 * @param width width of the residual stream D
 * @param mlpWidth hidden units of an MLP F
 * @param vocabulary number of token ids V
 * @param maxPositions longest sequence the model was made for
 * @param centredNorm whether norms subtract the mean (LayerNorm) or not (RMSNorm)
 * @param normEpsilon added to the variance, or mean square, before its root
 * @param activation the MLP's nonlinearity
 * @param gatedMlp whether the MLP is down(activation(gate(x)) · up(x)) or down(activation(up(x)))
 * @param rotary rotary position embedding, or {@link Rotary#NONE} for learned positions
 * @param tiedUnembedding whether logits use the token embedding's matrix
 * @param endTokens ids that end a generation; may be empty
 */
public record Architecture(
    String family,
    int layers,
    int heads,
    int keyValueHeads,
    int headDimension,
    int width,
    int mlpWidth,
    int vocabulary,
    int maxPositions,
    boolean centredNorm,
    double normEpsilon,
    Activation activation,
    boolean gatedMlp,
    Rotary rotary,
    boolean tiedUnembedding,
    Set<Integer> endTokens) {

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
    requirePositive("heads", heads);
    requirePositive("key/value heads", keyValueHeads);
    requirePositive("head dimension", headDimension);
    requirePositive("width", width);
    requirePositive("MLP width", mlpWidth);
    requirePositive("vocabulary", vocabulary);
    requirePositive("positions", maxPositions);
    if (heads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          "%d key/value heads do not divide %d query heads".formatted(keyValueHeads, heads));
    }
    if (rotary.enabled() && headDimension % 2 != 0) {
      throw new IllegalArgumentException(
          "rotary positions need an even head dimension, got " + headDimension);
    }
    endTokens = Set.copyOf(endTokens);
  }

  /** Number of query heads that share one key/value head. */
  public int groupSize() {
    return heads / keyValueHeads;
  }

  private static void requirePositive(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "a model needs at least one of %s, got %d".formatted(what, value));
    }
  }
}
