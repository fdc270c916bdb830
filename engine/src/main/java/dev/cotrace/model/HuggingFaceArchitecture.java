package dev.cotrace.model;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.model.Architecture.Activation;
import java.util.Set;

/**
 * The architecture that a Hugging Face {@code config.json} describes, in the spellings of
 * transformers 4 and 5. What it leaves out is what transformers' configuration class says.
 *
 * <p>Source: configuration_llama.py, configuration_gpt2.py and modeling_rope_utils.py.
 */
final class HuggingFaceArchitecture {
  private final ModelConfig config;
  private final Set<Integer> endTokens;

  private HuggingFaceArchitecture(ModelConfig config, Set<Integer> endTokens) {
    this.config = config;
    this.endTokens = endTokens;
  }

  /**
   * The architecture of {@code config}.
   *
   * @param endTokens ids that end a generation
   * @throws MalformedModelException when the family or one of its features is not supported
   */
  static Architecture of(ModelConfig config, Set<Integer> endTokens) {
    try {
      return new HuggingFaceArchitecture(config, endTokens).architecture();
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(config.file(), 0, String.valueOf(e.getMessage()));
    }
  }

  private Architecture architecture() {
    refuse(config.has("quantization_config"), "quantization_config");
    return switch (config.string("model_type")) {
      case "llama" -> llama();
      case "gpt2" -> gpt2();
      case String other ->
          throw unsupported(
              "model_type %s is not supported; supported are gpt2 and llama".formatted(other));
    };
  }

  private Architecture llama() {
    int heads = config.integer("num_attention_heads");
    int width = config.integer("hidden_size");
    int headDimension =
        config.has("head_dim") ? config.integer("head_dim") : headDimension(width, heads);
    return new Architecture(
        "llama",
        config.integer("num_hidden_layers"),
        heads,
        config.integer("num_key_value_heads", heads),
        headDimension,
        width,
        config.integer("intermediate_size"),
        config.integer("vocab_size"),
        config.integer("max_position_embeddings", 2048),
        /* centredNorm= */ false,
        config.number("rms_norm_eps", 1e-6),
        activation("hidden_act", "silu"),
        /* gatedMlp= */ true,
        rotary(headDimension),
        config.flag("tie_word_embeddings", false),
        endTokens);
  }

  private Architecture gpt2() {
    refuse(!config.flag("scale_attn_weights", true), "scale_attn_weights: false");
    refuse(
        config.flag("scale_attn_by_inverse_layer_idx", false), "scale_attn_by_inverse_layer_idx");
    refuse(config.flag("reorder_and_upcast_attn", false), "reorder_and_upcast_attn");
    refuse(config.flag("add_cross_attention", false), "add_cross_attention");
    int heads = config.integer("n_head");
    int width = config.integer("n_embd");
    return new Architecture(
        "gpt2",
        config.integer("n_layer"),
        heads,
        heads,
        headDimension(width, heads),
        width,
        config.integer("n_inner", 4 * width),
        config.integer("vocab_size"),
        config.integer("n_positions", 1024),
        /* centredNorm= */ true,
        config.number("layer_norm_epsilon", 1e-5),
        activation("activation_function", "gelu_new"),
        /* gatedMlp= */ false,
        Rotary.NONE,
        config.flag("tie_word_embeddings", true),
        endTokens);
  }

  private int headDimension(int width, int heads) {
    if (heads < 1 || width % heads != 0) {
      throw unsupported(
          "expected a number of heads that divides the width %d, got %d".formatted(width, heads));
    }
    return width / heads;
  }

  private Activation activation(String key, String fallback) {
    return switch (config.string(key, fallback)) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      case String other ->
          throw unsupported(
              "%s %s is not supported; supported are silu, gelu, gelu_new and gelu_pytorch_tanh"
                  .formatted(key, other));
    };
  }

  /** Under {@code rope_parameters} since transformers 5, before that in three keys. */
  private Rotary rotary(int headDimension) {
    ModelConfig scaling =
        config.object("rope_parameters").or(() -> config.object("rope_scaling")).orElse(config);
    double theta = scaling.number("rope_theta", config.number("rope_theta", 10_000));
    refuse(
        scaling.number("partial_rotary_factor", config.number("partial_rotary_factor", 1)) != 1,
        "partial_rotary_factor");
    Rotary rotary = Rotary.of(theta, headDimension);
    if (scaling == config) {
      return rotary;
    }
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
          throw unsupported(
              "rope_type %s is not supported; supported are default, linear and llama3"
                  .formatted(type));
    };
  }

  private void refuse(boolean asked, String feature) {
    if (asked) {
      throw unsupported("it asks for %s, which is not supported".formatted(feature));
    }
  }

  private MalformedModelException unsupported(String reason) {
    return new MalformedModelException(config.file(), 0, reason);
  }
}
