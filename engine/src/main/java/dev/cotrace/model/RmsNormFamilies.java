package dev.cotrace.model;

import dev.cotrace.format.ModelConfig;
import dev.cotrace.model.Architecture.Attention;
import dev.cotrace.model.Architecture.Mlp;
import dev.cotrace.model.Architecture.Normalisation;
import java.util.List;
import java.util.Set;

/** Configurations of the families with RMSNorm and gated MLPs: llama and what came from it. */
final class RmsNormFamilies {
  private final FamilyConfig family;
  private final ModelConfig config;
  private final HuggingFacePatterns patterns;
  private final Set<Integer> endTokens;

  RmsNormFamilies(FamilyConfig family, Set<Integer> endTokens) {
    this.family = family;
    this.endTokens = endTokens;
    config = family.file();
    patterns = new HuggingFacePatterns(family);
  }

  Architecture llama() {
    boolean bias = config.flag("attention_bias", false);
    int heads = config.integer("num_attention_heads");
    return llamaLike(
        "llama",
        heads(
            heads,
            dividedWidth(heads),
            bias,
            bias,
            /* headNorm= */ false,
            patterns.full(dividedWidth(heads))),
        config.flag("mlp_bias", false),
        2048);
  }

  Architecture mistral() {
    family.refuse(config.has("layer_types"), "layer_types in a mistral");
    int dHead = dividedWidth(config.integer("num_attention_heads"));
    return llamaLike(
        "mistral",
        heads(
            8,
            dHead,
            /* inputBias= */ false,
            /* outputBias= */ false,
            /* headNorm= */ false,
            patterns.mistral(dHead)),
        /* mlpBias= */ false,
        131_072);
  }

  Architecture qwen2() {
    int dHead = dividedWidth(config.integer("num_attention_heads"));
    return llamaLike(
        "qwen2",
        heads(
            32,
            dHead,
            /* inputBias= */ true,
            /* outputBias= */ false,
            /* headNorm= */ false,
            patterns.qwen(dHead)),
        /* mlpBias= */ false,
        32_768);
  }

  Architecture qwen3() {
    boolean bias = config.flag("attention_bias", false);
    int dHead = config.integer("head_dim", 128);
    return llamaLike(
        "qwen3",
        heads(32, dHead, bias, bias, /* headNorm= */ true, patterns.qwen(dHead)),
        /* mlpBias= */ false,
        32_768);
  }

  Architecture gemma2() {
    return gemma(
        "gemma2",
        /* headNorm= */ false,
        family.cap("attn_logit_softcapping", 50),
        family.cap("final_logit_softcapping", 30),
        config.flag("tie_word_embeddings", true),
        patterns.gemma2(),
        256_000,
        8192);
  }

  /** The text model by itself. */
  Architecture gemma3() {
    return gemma3(config.flag("tie_word_embeddings", true));
  }

  /**
   * The text model of one that also sees images, whose configuration says whether the unembedding
   * is tied.
   */
  Architecture gemma3Within(ModelConfig whole) {
    family.refuse(
        config.has("final_logit_softcapping"), "final_logit_softcapping in a gemma3 with images");
    return gemma3(whole.flag("tie_word_embeddings", true));
  }

  private Architecture gemma3(boolean tiedUnembedding) {
    // transformers has the key and computes without it.
    family.refuse(config.has("attn_logit_softcapping"), "attn_logit_softcapping in a gemma3");
    return gemma(
        "gemma3_text",
        /* headNorm= */ true,
        /* scoreCap= */ 0,
        family.cap("final_logit_softcapping", 0),
        tiedUnembedding,
        patterns.gemma3(),
        262_208,
        131_072);
  }

  /** Gemma leaves many keys out that are as its configuration class says. */
  private Architecture gemma(
      String name,
      boolean headNorm,
      double scoreCap,
      double logitCap,
      boolean tiedUnembedding,
      List<AttentionPattern> layers,
      int vocabulary,
      int maxPositions) {
    family.refuse(config.flag("attention_bias", false), "attention_bias in a gemma");
    family.refuse(config.flag("use_bidirectional_attention", false), "use_bidirectional_attention");
    int width = config.integer("hidden_size", 2304);
    Attention attention =
        new Attention(
            config.integer("num_attention_heads", 8),
            config.integer("num_key_value_heads", 4),
            config.integer("head_dim", 256),
            Math.pow(config.number("query_pre_attn_scalar", 256), -0.5),
            scoreCap,
            /* inputBias= */ false,
            /* outputBias= */ false,
            headNorm,
            layers);
    return new Architecture(
        name,
        layers.size(),
        width,
        config.integer("vocab_size", vocabulary),
        config.integer("max_position_embeddings", maxPositions),
        attention,
        new Mlp(
            config.integer("intermediate_size", 9216),
            family.activation("hidden_activation", "gelu_pytorch_tanh"),
            /* gated= */ true,
            /* bias= */ false),
        Normalisation.rms(config.number("rms_norm_eps", 1e-6)).withPost(),
        /* parallel= */ false,
        /* embeddingScale= */ Math.sqrt(width),
        logitCap,
        tiedUnembedding,
        endTokens);
  }

  /** {@code head_dim}, or D/H where the file leaves it out. */
  private int dividedWidth(int heads) {
    return config.has("head_dim")
        ? config.integer("head_dim")
        : family.headDimension(config.integer("hidden_size"), heads);
  }

  private Attention heads(
      int keyValueHeads,
      int dHead,
      boolean inputBias,
      boolean outputBias,
      boolean headNorm,
      List<AttentionPattern> layers) {
    return new Attention(
        config.integer("num_attention_heads"),
        family.keyValueHeads(keyValueHeads),
        dHead,
        Math.pow(dHead, -0.5),
        /* scoreCap= */ 0,
        inputBias,
        outputBias,
        headNorm,
        layers);
  }

  /** The llama family and those that differ from it in their heads only. */
  private Architecture llamaLike(
      String name, Attention attention, boolean mlpBias, int maxPositions) {
    return new Architecture(
        name,
        attention.patterns().size(),
        config.integer("hidden_size"),
        config.integer("vocab_size"),
        config.integer("max_position_embeddings", maxPositions),
        attention,
        new Mlp(
            config.integer("intermediate_size"),
            family.activation("hidden_act", "silu"),
            /* gated= */ true,
            mlpBias),
        Normalisation.rms(config.number("rms_norm_eps", 1e-6)),
        /* parallel= */ false,
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        config.flag("tie_word_embeddings", false),
        endTokens);
  }
}
