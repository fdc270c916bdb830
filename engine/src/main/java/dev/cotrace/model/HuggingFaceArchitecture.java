package dev.cotrace.model;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.model.Architecture.Activation;
import dev.cotrace.model.Architecture.Attention;
import dev.cotrace.model.Architecture.Mlp;
import dev.cotrace.model.Architecture.Normalisation;
import java.util.List;
import java.util.Set;

/**
 * The architecture that a Hugging Face {@code config.json} describes, in the spellings of
 * transformers 4 and 5. What it leaves out is what transformers' configuration class says.
 *
 * <p>Source: the configuration_*.py of each family.
 */
final class HuggingFaceArchitecture {
  private final ModelConfig config;
  private final HuggingFacePatterns patterns;
  private final Set<Integer> endTokens;

  private HuggingFaceArchitecture(ModelConfig config, Set<Integer> endTokens) {
    this.config = config;
    this.endTokens = endTokens;
    patterns = new HuggingFacePatterns(config);
  }

  /**
   * The architecture of {@code config}.
   *
   * @param endTokens ids that end a generation
   * @throws MalformedModelException when the family or one of its features is not supported
   */
  static Architecture of(ModelConfig config, Set<Integer> endTokens) {
    try {
      refuse(config, config.has("quantization_config"), "quantization_config");
      String family = config.string("model_type");
      if (!family.equals("gemma3")) {
        return new HuggingFaceArchitecture(config, endTokens).of(family);
      }
      // A model that also sees images keeps its text model's configuration apart.
      ModelConfig text =
          config
              .object("text_config")
              .orElseThrow(
                  () -> unsupported(config, "expected an object under text_config, got nothing"));
      return new HuggingFaceArchitecture(text, endTokens).of("gemma3_text");
    } catch (IllegalArgumentException e) {
      throw unsupported(config, String.valueOf(e.getMessage()));
    }
  }

  private Architecture of(String family) {
    return switch (family) {
      case "gpt2" -> gpt2();
      case "gpt_neox" -> gptNeox();
      case "llama" -> llama();
      case "mistral" -> mistral();
      case "qwen2" -> qwen2();
      case "qwen3" -> qwen3();
      case "gemma2" -> gemma2();
      case "gemma3_text" -> gemma3();
      case String other ->
          throw unsupported(
              config,
              "model_type %s is not supported; supported are gpt2, gpt_neox, llama, mistral, qwen2, qwen3, gemma2 and gemma3"
                  .formatted(other));
    };
  }

  private Architecture gpt2() {
    refuse(!config.flag("scale_attn_weights", true), "scale_attn_weights: false");
    refuse(
        config.flag("scale_attn_by_inverse_layer_idx", false), "scale_attn_by_inverse_layer_idx");
    refuse(config.flag("reorder_and_upcast_attn", false), "reorder_and_upcast_attn");
    refuse(config.flag("add_cross_attention", false), "add_cross_attention");
    int layers = patterns.layers("n_layer");
    int heads = config.integer("n_head");
    int width = config.integer("n_embd");
    int dHead = headDimension(width, heads);
    return new Architecture(
        "gpt2",
        layers,
        width,
        config.integer("vocab_size"),
        config.integer("n_positions", 1024),
        Attention.plain(layers, heads, heads, dHead, Rotary.NONE).withBiases(),
        new Mlp(
            config.integer("n_inner", 4 * width),
            activation("activation_function", "gelu_new"),
            /* gated= */ false,
            /* bias= */ true),
        Normalisation.layerNorm(config.number("layer_norm_epsilon", 1e-5)),
        /* parallel= */ false,
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        config.flag("tie_word_embeddings", true),
        endTokens);
  }

  private Architecture gptNeox() {
    int layers = patterns.layers("num_hidden_layers");
    int heads = config.integer("num_attention_heads");
    int width = config.integer("hidden_size");
    int dHead = headDimension(width, heads);
    Attention plain = Attention.plain(layers, heads, heads, dHead, patterns.gptNeox(dHead));
    return new Architecture(
        "gpt_neox",
        layers,
        width,
        config.integer("vocab_size"),
        config.integer("max_position_embeddings", 2048),
        config.flag("attention_bias", true) ? plain.withBiases() : plain,
        new Mlp(
            config.integer("intermediate_size"),
            activation("hidden_act", "gelu"),
            /* gated= */ false,
            /* bias= */ true),
        Normalisation.layerNorm(config.number("layer_norm_eps", 1e-5)),
        config.flag("use_parallel_residual", true),
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        config.flag("tie_word_embeddings", false),
        endTokens);
  }

  private Architecture llama() {
    boolean bias = config.flag("attention_bias", false);
    int heads = config.integer("num_attention_heads");
    int dHead = config.integer("head_dim", 0);
    return gatedRms(
        "llama",
        heads(
            config.integer("num_key_value_heads", heads),
            dHead == 0 ? headDimension(config.integer("hidden_size"), heads) : dHead,
            new Extras(bias, bias, /* headNorm= */ false, /* scoreCap= */ 0),
            patterns.full()),
        config.flag("mlp_bias", false),
        2048);
  }

  private Architecture mistral() {
    refuse(config.has("layer_types"), "layer_types in a mistral");
    int heads = config.integer("num_attention_heads");
    int dHead = config.integer("head_dim", 0);
    return gatedRms(
        "mistral",
        heads(
            config.integer("num_key_value_heads", 8),
            dHead == 0 ? headDimension(config.integer("hidden_size"), heads) : dHead,
            Extras.NONE,
            patterns.mistral()),
        /* mlpBias= */ false,
        131_072);
  }

  private Architecture qwen2() {
    int heads = config.integer("num_attention_heads");
    return gatedRms(
        "qwen2",
        heads(
            config.integer("num_key_value_heads", 32),
            config.integer("head_dim", headDimension(config.integer("hidden_size"), heads)),
            new Extras(
                /* inputBias= */ true,
                /* outputBias= */ false,
                /* headNorm= */ false,
                /* scoreCap= */ 0),
            patterns.qwen()),
        /* mlpBias= */ false,
        32_768);
  }

  private Architecture qwen3() {
    boolean bias = config.flag("attention_bias", false);
    return gatedRms(
        "qwen3",
        heads(
            config.integer("num_key_value_heads", 32),
            config.integer("head_dim", 128),
            new Extras(bias, bias, /* headNorm= */ true, /* scoreCap= */ 0),
            patterns.qwen()),
        /* mlpBias= */ false,
        32_768);
  }

  private Architecture gemma2() {
    return gemma(
        "gemma2",
        new Extras(
            /* inputBias= */ false,
            /* outputBias= */ false,
            /* headNorm= */ false,
            cap("attn_logit_softcapping", 50)),
        patterns.gemma2(),
        config.integer("vocab_size", 256_000),
        config.integer("max_position_embeddings", 8192),
        cap("final_logit_softcapping", 30));
  }

  private Architecture gemma3() {
    return gemma(
        "gemma3_text",
        new Extras(
            /* inputBias= */ false,
            /* outputBias= */ false,
            /* headNorm= */ true,
            cap("attn_logit_softcapping", 0)),
        patterns.gemma3(),
        config.integer("vocab_size", 262_208),
        config.integer("max_position_embeddings", 131_072),
        cap("final_logit_softcapping", 0));
  }

  /** Gemma leaves many keys out that are as its configuration class says. */
  private Architecture gemma(
      String family,
      Extras extras,
      List<AttentionPattern> layers,
      int vocabulary,
      int maxPositions,
      double logitCap) {
    refuse(config.flag("attention_bias", false), "attention_bias in a gemma");
    refuse(config.flag("use_bidirectional_attention", false), "use_bidirectional_attention");
    int width = config.integer("hidden_size", 2304);
    Attention attention =
        new Attention(
            config.integer("num_attention_heads", 8),
            config.integer("num_key_value_heads", 4),
            config.integer("head_dim", 256),
            Math.pow(config.number("query_pre_attn_scalar", 256), -0.5),
            extras.scoreCap,
            extras.inputBias,
            extras.outputBias,
            extras.headNorm,
            layers);
    return new Architecture(
        family,
        layers.size(),
        width,
        vocabulary,
        maxPositions,
        attention,
        new Mlp(
            config.integer("intermediate_size", 9216),
            activation("hidden_activation", "gelu_pytorch_tanh"),
            /* gated= */ true,
            /* bias= */ false),
        Normalisation.rms(config.number("rms_norm_eps", 1e-6)).withPost(),
        /* parallel= */ false,
        /* embeddingScale= */ Math.sqrt(width),
        logitCap,
        config.flag("tie_word_embeddings", true),
        endTokens);
  }

  /** What the heads of some families have and those of others lack. */
  private record Extras(boolean inputBias, boolean outputBias, boolean headNorm, double scoreCap) {
    static final Extras NONE = new Extras(false, false, false, 0);
  }

  private Attention heads(
      int keyValueHeads, int dHead, Extras extras, List<AttentionPattern> layers) {
    return new Attention(
        config.integer("num_attention_heads"),
        keyValueHeads,
        dHead,
        Math.pow(dHead, -0.5),
        extras.scoreCap,
        extras.inputBias,
        extras.outputBias,
        extras.headNorm,
        layers);
  }

  /** The llama family and those that differ from it in their heads only. */
  private Architecture gatedRms(
      String family, Attention attention, boolean mlpBias, int maxPositions) {
    return new Architecture(
        family,
        attention.patterns().size(),
        config.integer("hidden_size"),
        config.integer("vocab_size"),
        config.integer("max_position_embeddings", maxPositions),
        attention,
        new Mlp(
            config.integer("intermediate_size"),
            activation("hidden_act", "silu"),
            /* gated= */ true,
            mlpBias),
        Normalisation.rms(config.number("rms_norm_eps", 1e-6)),
        /* parallel= */ false,
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        config.flag("tie_word_embeddings", false),
        endTokens);
  }

  private int headDimension(int width, int heads) {
    if (heads < 1 || width % heads != 0) {
      throw unsupported(
          config,
          "expected a number of heads that divides the width %d, got %d".formatted(width, heads));
    }
    return width / heads;
  }

  /** A soft cap; null in the file means that there is none. */
  private double cap(String key, double fallback) {
    return config.isNull(key) ? 0 : config.number(key, fallback);
  }

  private Activation activation(String key, String fallback) {
    return switch (config.string(key, fallback)) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      case String other ->
          throw unsupported(
              config,
              "%s %s is not supported; supported are silu, gelu, gelu_new and gelu_pytorch_tanh"
                  .formatted(key, other));
    };
  }

  private void refuse(boolean asked, String feature) {
    refuse(config, asked, feature);
  }

  static void refuse(ModelConfig config, boolean asked, String feature) {
    if (asked) {
      throw unsupported(config, "it asks for %s, which is not supported".formatted(feature));
    }
  }

  static MalformedModelException unsupported(ModelConfig config, String reason) {
    return new MalformedModelException(config.file(), 0, reason);
  }
}
