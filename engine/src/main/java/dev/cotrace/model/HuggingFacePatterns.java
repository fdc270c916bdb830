package dev.cotrace.model;

import dev.cotrace.format.ModelConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * What a Hugging Face {@code config.json} says of positions: rotary embedding and sliding window of
 * every layer.
 *
 * <p>Source: modeling_rope_utils.py and the configuration_*.py of each family.
 */
final class HuggingFacePatterns {
  private static final String SLIDING = "sliding_attention";
  private static final String FULL = "full_attention";
  private static final double THETA = 10_000;
  private static final int MOST_LAYERS = 10_000;

  private final ModelConfig config;

  HuggingFacePatterns(ModelConfig config) {
    this.config = config;
  }

  /** llama: all layers see everything. */
  List<AttentionPattern> full() {
    return alike(AttentionPattern.full(rotary()));
  }

  /** mistral: one window for all layers, or none. */
  List<AttentionPattern> mistral() {
    int window = config.isNull("sliding_window") ? 0 : config.integer("sliding_window", 4096);
    return alike(new AttentionPattern(rotary(), window));
  }

  /** qwen2 and qwen3: a window from some layer on, where it is switched on at all. */
  List<AttentionPattern> qwen() {
    boolean used = config.flag("use_sliding_window", false) && !config.isNull("sliding_window");
    int first = config.integer("max_window_layers", 28);
    Rotary rotary = rotary();
    int window = used ? config.integer("sliding_window", 4096) : 0;
    return mixed(
        layers(),
        layer -> used && layer >= first,
        AttentionPattern.full(rotary),
        new AttentionPattern(rotary, window));
  }

  /** gemma2: every other layer has a window. */
  List<AttentionPattern> gemma2() {
    Rotary rotary = rotary();
    return mixed(
        gemmaLayers(), layer -> layer % 2 == 0, AttentionPattern.full(rotary), window(rotary));
  }

  /** gemma3: all but every sixth layer have a window, and turn faster. */
  List<AttentionPattern> gemma3() {
    int period = config.integer("sliding_window_pattern", 6);
    int dHead = config.integer("head_dim", 256);
    ModelConfig parameters = config.object("rope_parameters").orElse(config);
    Rotary global =
        parameters
            .object(FULL)
            .map(own -> scaled(own, own.number("rope_theta", 1e6), dHead))
            .orElseGet(() -> rotary(1e6, dHead));
    Rotary local =
        parameters
            .object(SLIDING)
            .map(own -> scaled(own, own.number("rope_theta", THETA), dHead))
            .orElseGet(() -> Rotary.of(config.number("rope_local_base_freq", THETA), dHead));
    return mixed(
        gemmaLayers(),
        layer -> period < 1 || (layer + 1) % period != 0,
        AttentionPattern.full(global),
        window(local));
  }

  /** The rotary embedding of gpt_neox, which turns a part of each head. */
  Rotary gptNeox(int headDimension) {
    ModelConfig parameters = parameters();
    double share = parameters.number("partial_rotary_factor", config.number("rotary_pct", 0.25));
    double theta = config.number("rotary_emb_base", config.number("rope_theta", THETA));
    return scaled(
        parameters, parameters.number("rope_theta", theta), (int) (headDimension * share));
  }

  private AttentionPattern window(Rotary rotary) {
    return config.isNull("sliding_window")
        ? AttentionPattern.full(rotary)
        : new AttentionPattern(rotary, config.integer("sliding_window", 4096));
  }

  private List<AttentionPattern> alike(AttentionPattern pattern) {
    return Collections.nCopies(layers(), pattern);
  }

  private int layers() {
    return layers("num_hidden_layers");
  }

  private int gemmaLayers() {
    return bounded("num_hidden_layers", config.integer("num_hidden_layers", 26));
  }

  /** The number of layers under {@code key}. */
  int layers(String key) {
    return bounded(key, config.integer(key));
  }

  private int bounded(String key, int layers) {
    if (layers < 1 || layers > MOST_LAYERS) {
      throw HuggingFaceArchitecture.unsupported(
          config, "expected %s from 1 to %d, got %d".formatted(key, MOST_LAYERS, layers));
    }
    return layers;
  }

  /** {@code layer_types} wins over the family's own rule. */
  private List<AttentionPattern> mixed(
      int layers, IntPredicate sliding, AttentionPattern full, AttentionPattern window) {
    List<String> types = config.strings("layer_types");
    if (!types.isEmpty() && types.size() != layers) {
      throw HuggingFaceArchitecture.unsupported(
          config, "expected layer_types for %d layers, got %d".formatted(layers, types.size()));
    }
    List<AttentionPattern> patterns = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      boolean slides = types.isEmpty() ? sliding.test(layer) : slides(types.get(layer));
      patterns.add(slides ? window : full);
    }
    return patterns;
  }

  private boolean slides(String type) {
    return switch (type) {
      case SLIDING -> true;
      case FULL -> false;
      default ->
          throw HuggingFaceArchitecture.unsupported(
              config,
              "layer_types %s is not supported; supported are %s and %s"
                  .formatted(type, FULL, SLIDING));
    };
  }

  private Rotary rotary() {
    int dHead = config.integer("head_dim", 0);
    return rotary(
        THETA,
        dHead == 0 ? config.integer("hidden_size") / config.integer("num_attention_heads") : dHead);
  }

  private Rotary rotary(double theta, int headDimension) {
    ModelConfig parameters = parameters();
    HuggingFaceArchitecture.refuse(
        config,
        parameters.number("partial_rotary_factor", config.number("partial_rotary_factor", 1)) != 1,
        "partial_rotary_factor");
    double base = parameters.number("rope_theta", config.number("rope_theta", theta));
    return scaled(parameters, base, headDimension);
  }

  /** Under {@code rope_parameters} since transformers 5, before that in {@code rope_scaling}. */
  private ModelConfig parameters() {
    return config
        .object("rope_parameters")
        .or(() -> config.object("rope_scaling"))
        .orElse(ModelConfig.empty(config.file()));
  }

  private Rotary scaled(ModelConfig scaling, double theta, int dimensions) {
    Rotary rotary = Rotary.of(theta, dimensions);
    String type = scaling.string("rope_type", scaling.string("type", "default"));
    return switch (type) {
      case "default" -> rotary;
      case "linear" -> rotary.slowedBy(scaling.number("factor"));
      case "llama3" ->
          rotary.scaled(
              new Rotary.Llama3Scaling(
                  scaling.number("factor"),
                  scaling.number("low_freq_factor"),
                  scaling.number("high_freq_factor"),
                  scaling.number("original_max_position_embeddings")));
      default ->
          throw HuggingFaceArchitecture.unsupported(
              config,
              "rope_type %s is not supported; supported are default, linear and llama3"
                  .formatted(type));
    };
  }
}
