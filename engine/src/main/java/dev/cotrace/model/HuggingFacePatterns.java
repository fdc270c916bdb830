package dev.cotrace.model;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
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

  private final FamilyConfig family;
  private final ModelConfig config;

  HuggingFacePatterns(FamilyConfig family) {
    this.family = family;
    config = family.file();
  }

  /** llama: all layers see everything. */
  List<AttentionPattern> full(int headDimension) {
    return alike(AttentionPattern.full(rotary(THETA, headDimension)));
  }

  /** mistral: one window for all layers, or none. */
  List<AttentionPattern> mistral(int headDimension) {
    int window = config.isNull("sliding_window") ? 0 : family.window();
    return alike(new AttentionPattern(rotary(THETA, headDimension), window));
  }

  /** qwen2 and qwen3: a window from some layer on, where it is switched on at all. */
  List<AttentionPattern> qwen(int headDimension) {
    boolean used = config.flag("use_sliding_window", false) && !config.isNull("sliding_window");
    int first = config.integer("max_window_layers", 28);
    Rotary rotary = rotary(THETA, headDimension);
    return mixed(
        layers(),
        layer -> used && layer >= first,
        AttentionPattern.full(rotary),
        used ? window(rotary) : Optional.empty());
  }

  /** gemma2: every other layer has a window. */
  List<AttentionPattern> gemma2() {
    Rotary rotary = rotary(THETA, config.integer("head_dim", 256));
    return mixed(
        gemmaLayers(), layer -> layer % 2 == 0, AttentionPattern.full(rotary), window(rotary));
  }

  /** gemma3: all but every sixth layer have a window, and turn faster. */
  List<AttentionPattern> gemma3() {
    int period = config.integer("sliding_window_pattern", 6);
    if (period < 1) {
      throw family.unsupported("expected sliding_window_pattern of at least 1, got " + period);
    }
    int dHead = config.integer("head_dim", 256);
    ModelConfig parameters =
        config.object("rope_parameters").orElse(ModelConfig.empty(config.file()));
    if (!parameters.isEmpty() && !parameters.has(FULL) && !parameters.has(SLIDING)) {
      throw family.unsupported("expected %s and %s under rope_parameters".formatted(FULL, SLIDING));
    }
    Optional<ModelConfig> scaling = config.object("rope_scaling").filter(own -> !own.isEmpty());
    family.refuse(
        !parameters.isEmpty() && scaling.isPresent(), "rope_parameters beside rope_scaling");
    ModelConfig global = parameters.object(FULL).or(() -> scaling).orElse(parameters);
    ModelConfig local = parameters.object(SLIDING).orElse(ModelConfig.empty(config.file()));
    double globalTheta = global.number("rope_theta", config.number("rope_theta", 1e6));
    double localTheta = local.number("rope_theta", config.number("rope_local_base_freq", THETA));
    return mixed(
        gemmaLayers(),
        layer -> (layer + 1) % period != 0,
        AttentionPattern.full(scaled(global, globalTheta, dHead)),
        window(scaled(local, localTheta, dHead)));
  }

  /** The rotary embedding of gpt_neox, which turns a part of each head. */
  Rotary gptNeox(int headDimension) {
    ModelConfig parameters = parameters();
    double share = parameters.number("partial_rotary_factor", config.number("rotary_pct", 0.25));
    double theta = config.number("rotary_emb_base", config.number("rope_theta", THETA));
    return scaled(
        parameters, parameters.number("rope_theta", theta), (int) (headDimension * share));
  }

  private Optional<AttentionPattern> window(Rotary rotary) {
    return config.isNull("sliding_window")
        ? Optional.empty()
        : Optional.of(new AttentionPattern(rotary, family.window()));
  }

  private List<AttentionPattern> alike(AttentionPattern pattern) {
    return Collections.nCopies(layers(), pattern);
  }

  private int layers() {
    return family.layers("num_hidden_layers");
  }

  private int gemmaLayers() {
    return family.layers("num_hidden_layers", 26);
  }

  /** {@code layer_types} wins over the family's own rule. */
  private List<AttentionPattern> mixed(
      int layers, IntPredicate sliding, AttentionPattern full, Optional<AttentionPattern> window) {
    List<String> types = config.strings("layer_types");
    if (!types.isEmpty() && types.size() != layers) {
      throw family.unsupported(
          "expected layer_types for %d layers, got %d".formatted(layers, types.size()));
    }
    List<AttentionPattern> patterns = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      boolean slides = types.isEmpty() ? sliding.test(layer) : slides(types.get(layer));
      patterns.add(slides ? window.orElseThrow(this::noWindow) : full);
    }
    return patterns;
  }

  private MalformedModelException noWindow() {
    return family.unsupported(
        "expected a sliding_window for layers of %s, but none is given or switched on"
            .formatted(SLIDING));
  }

  private boolean slides(String type) {
    return switch (type) {
      case SLIDING -> true;
      case FULL -> false;
      default ->
          throw family.unsupported(
              "layer_types %s is not supported; supported are %s and %s"
                  .formatted(type, FULL, SLIDING));
    };
  }

  private Rotary rotary(double theta, int headDimension) {
    ModelConfig parameters = parameters();
    family.refuse(
        parameters.number("partial_rotary_factor", config.number("partial_rotary_factor", 1)) != 1,
        "partial_rotary_factor");
    double base = parameters.number("rope_theta", config.number("rope_theta", theta));
    return scaled(parameters, base, headDimension);
  }

  /**
   * Under {@code rope_parameters} since transformers 5, before that in {@code rope_scaling}, which
   * goes first where it is still there.
   */
  private ModelConfig parameters() {
    return config
        .object("rope_scaling")
        .filter(scaling -> !scaling.isEmpty())
        .or(() -> config.object("rope_parameters"))
        .orElse(ModelConfig.empty(config.file()));
  }

  /** Beside the scaling it goes first; in none of both places the model's positions are meant. */
  private double originalPositions(ModelConfig scaling) {
    String key = "original_max_position_embeddings";
    if (config.has(key) || scaling.has(key)) {
      return config.number(key, scaling.number(key, 0));
    }
    return config.number("max_position_embeddings");
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
                  originalPositions(scaling)));
      default ->
          throw family.unsupported(
              "rope_type %s is not supported; supported are default, linear and llama3"
                  .formatted(type));
    };
  }
}
