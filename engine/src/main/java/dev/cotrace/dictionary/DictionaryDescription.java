package dev.cotrace.dictionary;

import java.nio.file.Path;

/**
 * What a dictionary is and what it was made for.
 *
 * @param path the folder or file that it was read from
 * @param form what kind of dictionary it is
 * @param input where it reads
 * @param output where it writes: the same site, unless it is a transcoder
 * @param dIn width of its input
 * @param dOut width of its output
 * @param features F, the number of its features
 * @param normalisation what it does to its input by itself; {@code EXPECTED_AVERAGE_ONLY_IN} where
 *     inputs still have to be scaled by a factor that nobody told
 * @param training what it was trained on
 */
public record DictionaryDescription(
    Path path,
    Form form,
    Site input,
    Site output,
    long dIn,
    long dOut,
    long features,
    Normalisation normalisation,
    Training training) {
  /** Layer that it reads, from 0. */
  public int layer() {
    return input.layer();
  }

  /**
   * Refuses a model whose activations are not those that the dictionary was trained on.
   *
   * @param model whose activations are those of the model itself, without TransformerLens'
   *     processing of weights
   * @throws IllegalArgumentException with the reason
   */
  public void requireFor(ModelShape model) {
    requireSite(input, dIn, model);
    requireSite(output, dOut, model);
    if (normalisation == Normalisation.EXPECTED_AVERAGE_ONLY_IN) {
      throw refused(
          "was trained on inputs times a factor that its files do not tell: tell it, as --input-scale on the command line (SAELens lists it as norm_scaling_factor)");
    }
    requireUnprocessed(input, model);
    requireUnprocessed(output, model);
  }

  private void requireSite(Site site, long width, ModelShape model) {
    if (site.layer() >= model.layers() || width != model.width(site)) {
      throw refused(
          "is of width %d at %s, which the model lacks: it has %d layers and a width of %d there"
              .formatted(width, site, model.layers(), model.width(site)));
    }
  }

  private void requireUnprocessed(Site site, ModelShape model) {
    switch (site.kind()) {
      case RESIDUAL_PRE,
          RESIDUAL_MID,
          RESIDUAL_POST,
          ATTENTION_OUTPUT,
          MLP_OUTPUT,
          MLP_RAW_OUTPUT -> {
        if (model.centredNorms() && training.centredWriting().orElse(false)) {
          throw refused(
              "was trained on activations at %s without their mean over the width (center_writing_weights), which the model's have"
                  .formatted(site));
        }
      }
      case HEAD_VALUES -> {
        if (training.foldedValueBiases().orElse(false)) {
          throw refused(
              "was trained on values of heads without their biases (fold_value_biases), which the model's have");
        }
      }
      case MLP_INPUT -> {
        if (training.foldedNorms().orElse(false)) {
          throw refused(
              "was trained on what an MLP reads before the gain of its norm (fold_ln), which the model's have; at ln2.hook_normalized it would fit");
        }
      }
      case MLP_NORMALISED -> {
        // TransformerLens' RMSNorm has the gain behind this hook, its LayerNorm before it.
        if (model.centredNorms() && !training.foldedNorms().orElse(true)) {
          throw refused(
              "was trained on what an MLP reads after the gain of its norm (without fold_ln), which the model's lack at ln2.hook_normalized; at mlp.hook_in it would fit");
        }
      }
    }
  }

  private IllegalArgumentException refused(String reason) {
    return new IllegalArgumentException("the dictionary %s %s".formatted(path, reason));
  }
}
