package dev.cotrace.dictionary;

import java.nio.file.Path;

/**
 * What a set of transcoders is.
 *
 * @param path the folder that it was read from
 * @param crossLayer whether features of a layer write to all layers from it on, not to it alone
 * @param model the model's name as the configuration has it; may be empty
 * @param input what of a layer its features read
 * @param output what of a layer features write
 * @param layers L: features read layers 0 to L − 1
 * @param width D, of inputs and outputs
 * @param features F of each layer
 */
public record SetDescription(
    Path path,
    boolean crossLayer,
    String model,
    Site.Kind input,
    Site.Kind output,
    int layers,
    long width,
    long features) {
  void requireLayer(int layer) {
    if (layer < 0 || layer >= layers) {
      throw new IllegalArgumentException(
          "expected a layer below %d, got %d".formatted(layers, layer));
    }
  }

  void requireRange(long from, long to) {
    if (from < 0 || from > to || to > features) {
      throw new IllegalArgumentException(
          "expected a range within %d features, got %d to %d".formatted(features, from, to));
    }
  }
}
