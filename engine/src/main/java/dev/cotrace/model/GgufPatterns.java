package dev.cotrace.model;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.StoredTensor;
import java.util.ArrayList;
import java.util.List;

/** What a GGUF file says of positions: rotary embedding and sliding window of every layer. */
final class GgufPatterns {
  private final Gguf file;
  private final GgufKeys keys;
  private final String family;

  GgufPatterns(Gguf file, GgufKeys keys, String family) {
    this.file = file;
    this.keys = keys;
    this.family = family;
  }

  /** One pattern for each layer. */
  List<AttentionPattern> of(int layers, int headDimension) {
    Rotary rotary = family.equals("gpt2") ? Rotary.NONE : rotary(headDimension);
    AttentionPattern full = AttentionPattern.full(rotary);
    double usual = family.equals("gemma2") ? 4096 : 0;
    int window = (int) keys.number("attention.sliding_window", usual);
    AttentionPattern sliding =
        new AttentionPattern(family.equals("gemma3_text") ? local(headDimension) : rotary, window);
    List<AttentionPattern> patterns = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      patterns.add(window > 0 && slides(layer, layers) ? sliding : full);
    }
    return patterns;
  }

  private boolean slides(int layer, int layers) {
    String key = "attention.sliding_window_pattern";
    if (keys.isList(key)) {
      long[] pattern = keys.integers(key);
      if (pattern.length != layers) {
        throw keys.malformed(
            "expected %s for %d layers, got %d".formatted(keys.name(key), layers, pattern.length));
      }
      return pattern[layer] != 0;
    }
    int usual =
        switch (family) {
          case "gemma2" -> 2;
          case "gemma3_text" -> 6;
          case "llama" -> 0; // mistral's: every layer
          default ->
              throw keys.malformed(
                  "%s asks for sliding-window attention and not in which layers"
                      .formatted(keys.name("attention.sliding_window")));
        };
    int period = keys.has(key) ? keys.count(key) : usual;
    return period == 0 || layer % period < period - 1;
  }

  /** The rotary embedding of layers that have a window in gemma3, which no scaling concerns. */
  private Rotary local(int headDimension) {
    return Rotary.of(keys.number("rope.freq_base_swa", 10_000), headDimension);
  }

  private Rotary rotary(int headDimension) {
    int turned =
        keys.has("rope.dimension_count") ? keys.count("rope.dimension_count") : headDimension;
    if (turned != headDimension && !family.equals("gpt_neox")) {
      throw keys.malformed(
          "%s asks for %d rotated dimensions of %d, which is not supported"
              .formatted(keys.name("rope.dimension_count"), turned, headDimension));
    }
    double usual = family.equals("gemma3_text") ? 1e6 : 10_000;
    Rotary rotary = Rotary.of(keys.number("rope.freq_base", usual), turned);
    StoredTensor divisors = file.tensors().get("rope_freqs.weight");
    if (divisors != null) {
      double[] values = new double[Math.toIntExact(divisors.elements())];
      divisors.decode(0, values);
      return rotary.dividedBy(values);
    }
    if (keys.has("rope.scale_linear")) { // Before 2024 the only scaling there was.
      return rotary.slowedBy(keys.number("rope.scale_linear"));
    }
    String usually = keys.has("rope.scaling.factor") ? "linear" : "none";
    String scaling = keys.string("rope.scaling.type", usually);
    return switch (scaling) {
      case "none" -> rotary;
      case "linear" -> rotary.slowedBy(keys.number("rope.scaling.factor"));
      default ->
          throw keys.malformed(
              "%s asks for %s rotary scaling, which is not supported; supported are none and linear"
                  .formatted(keys.name("rope.scaling.type"), scaling));
    };
  }
}
