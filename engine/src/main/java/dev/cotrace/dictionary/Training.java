package dev.cotrace.dictionary;

import java.util.Optional;

/**
 * What the files say about the activations that a dictionary was trained on; empty where they say
 * nothing.
 *
 * @param model the model's name as the files have it; may be empty
 * @param prependedBos whether texts began with a beginning-of-sequence token
 * @param centredWriting whether TransformerLens had taken the mean over the width out of all that
 *     is written to the residual stream ({@code center_writing_weights}), which shifts the stream
 *     of models with LayerNorm
 * @param foldedNorms whether it had folded the gains and biases of norms into what reads them
 *     ({@code fold_ln}), which changes what an MLP reads
 * @param foldedValueBiases whether it had moved the biases of values behind the heads ({@code
 *     fold_value_biases}), which shifts the heads' values
 */
public record Training(
    String model,
    Optional<Boolean> prependedBos,
    Optional<Boolean> centredWriting,
    Optional<Boolean> foldedNorms,
    Optional<Boolean> foldedValueBiases) {
  /** Only the model is known. */
  static Training of(String model, Optional<Boolean> prependedBos) {
    return new Training(model, prependedBos, Optional.empty(), Optional.empty(), Optional.empty());
  }
}
