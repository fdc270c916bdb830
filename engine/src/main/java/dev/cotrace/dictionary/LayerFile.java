package dev.cotrace.dictionary;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A file of circuit-tracer: the transcoder of one layer, {@code W_enc [F, dIn]}. Source:
 * circuit-tracer, {@code single_layer_transcoder.py}, {@code load_transcoder}.
 */
final class LayerFile {
  private LayerFile() {}

  /**
   * How to read an opened file.
   *
   * @param told the nonlinearity, where a configuration of the set says it; else thresholds mean
   *     that it jumps
   * @param toldK of a configuration; 0 where none says it
   */
  static Recipe recipe(
      Path file,
      Site input,
      Site output,
      Training training,
      Optional<Form.Nonlinearity> told,
      int toldK,
      StoredParameters parameters) {
    Recipe.Layout layout = Recipe.Layout.CIRCUIT_TRACER;
    long[] encoder = parameters.shape("W_enc", 2);
    Form.Nonlinearity nonlinearity =
        told.orElseGet(() ->
            parameters.has(layout.threshold())
                ? Form.Nonlinearity.JUMP_RELU
                : parameters.has("k") ? Form.Nonlinearity.TOP_K : Form.Nonlinearity.RELU);
    int k = nonlinearity == Form.Nonlinearity.TOP_K ? k(toldK, encoder[0], parameters) : 0;
    return Recipe.plain(
        new DictionaryDescription(
            file,
            new Form(nonlinearity, k, !input.equals(output), parameters.has(layout.skip())),
            input,
            output,
            encoder[1],
            parameters.shape("b_dec", 1)[0],
            encoder[0],
            Normalisation.NONE,
            training),
        layout,
        /* rectified= */ false);
  }

  private static int k(int told, long features, StoredParameters parameters) {
    long k = parameters.has("k") ? parameters.whole("k") : told;
    if (told > 0 && k != told) {
      throw parameters.malformed(
          "expected k %d as the configuration says, got %d".formatted(told, k));
    }
    if (k < 1 || k > features) {
      throw parameters.malformed(
          "expected k from 1 to %d features under k in config.yaml, got %d".formatted(features, k));
    }
    return (int) k;
  }
}
