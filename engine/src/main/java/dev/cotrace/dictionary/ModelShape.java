package dev.cotrace.dictionary;

/**
 * What a dictionary has to fit to in a model.
 *
 * @param layers number of layers
 * @param width D, of the residual stream
 * @param headValues H · dHead, of the values of all query heads side by side
 * @param centredNorms whether its norms take the mean out, as LayerNorm does
 */
public record ModelShape(int layers, long width, long headValues, boolean centredNorms) {
  /** The width of the activations at {@code site}. */
  long width(Site site) {
    return site.kind() == Site.Kind.HEAD_VALUES ? headValues : width;
  }
}
