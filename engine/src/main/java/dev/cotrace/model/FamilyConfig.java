package dev.cotrace.model;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.model.Architecture.Activation;

/** A {@code config.json} with what the families' configurations have in common. */
record FamilyConfig(ModelConfig file) {
  private static final int MOST_LAYERS = 10_000;

  /** The number of layers under {@code key}. */
  int layers(String key) {
    return bounded(key, file.integer(key));
  }

  /** As {@link #layers(String)}, or {@code fallback}. */
  int layers(String key, int fallback) {
    return bounded(key, file.integer(key, fallback));
  }

  private int bounded(String key, int layers) {
    if (layers < 1 || layers > MOST_LAYERS) {
      throw unsupported("expected %s from 1 to %d, got %d".formatted(key, MOST_LAYERS, layers));
    }
    return layers;
  }

  /** Of two spellings of a key the one that the file uses; the first wins, as in transformers. */
  String either(String first, String second) {
    return file.has(first) ? first : second;
  }

  /** The number of key/value heads; null in the file means as many as query heads. */
  int keyValueHeads(int fallback) {
    return file.isNull("num_key_value_heads")
        ? file.integer("num_attention_heads")
        : file.integer("num_key_value_heads", fallback);
  }

  /** The sliding window of layers that have one. */
  int window() {
    int window = file.integer("sliding_window", 4096);
    if (window < 1) {
      throw unsupported("expected sliding_window of at least 1, or null for none, got " + window);
    }
    return window;
  }

  /** D/H. */
  int headDimension(int width, int heads) {
    if (heads < 1 || width % heads != 0) {
      throw unsupported(
          "expected a number of heads that divides the width %d, got %d".formatted(width, heads));
    }
    return width / heads;
  }

  /** A soft cap; null in the file means that there is none. */
  double cap(String key, double fallback) {
    if (!file.has(key)) {
      return file.isNull(key) ? 0 : fallback;
    }
    double cap = file.number(key);
    if (cap <= 0) {
      throw unsupported(
          "expected a soft cap above 0 under %s, or null for none, got %s".formatted(key, cap));
    }
    return cap;
  }

  Activation activation(String key, String fallback) {
    return switch (file.string(key, fallback)) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      case String other ->
          throw unsupported(
              "%s %s is not supported; supported are silu (swish), gelu, gelu_new (gelu_fast) and gelu_pytorch_tanh"
                  .formatted(key, other));
    };
  }

  void refuse(boolean asked, String feature) {
    if (asked) {
      throw unsupported("it asks for %s, which is not supported".formatted(feature));
    }
  }

  MalformedModelException unsupported(String reason) {
    return new MalformedModelException(file.file(), 0, reason);
  }
}
