package dev.cotrace.model;

import dev.cotrace.format.ModelConfig;
import dev.cotrace.model.Architecture.Attention;
import dev.cotrace.model.Architecture.Mlp;
import dev.cotrace.model.Architecture.Normalisation;
import java.util.Set;

/** Configurations of the families with LayerNorm: gpt2 and gpt_neox. */
final class LayerNormFamilies {
  private final FamilyConfig family;
  private final ModelConfig config;
  private final Set<Integer> endTokens;

  LayerNormFamilies(FamilyConfig family, Set<Integer> endTokens) {
    this.family = family;
    this.endTokens = endTokens;
    config = family.file();
  }

  Architecture gpt2() {
    family.refuse(!config.flag("scale_attn_weights", true), "scale_attn_weights: false");
    family.refuse(
        config.flag("scale_attn_by_inverse_layer_idx", false), "scale_attn_by_inverse_layer_idx");
    family.refuse(config.flag("reorder_and_upcast_attn", false), "reorder_and_upcast_attn");
    family.refuse(config.flag("add_cross_attention", false), "add_cross_attention");
    int layers = family.layers(family.either("num_hidden_layers", "n_layer"));
    int heads = config.integer(family.either("num_attention_heads", "n_head"));
    int width = config.integer(family.either("hidden_size", "n_embd"));
    int dHead = family.headDimension(width, heads);
    return new Architecture(
        "gpt2",
        layers,
        width,
        config.integer("vocab_size"),
        config.integer(family.either("max_position_embeddings", "n_positions"), 1024),
        Attention.plain(layers, heads, heads, dHead, Rotary.NONE).withBiases(),
        new Mlp(
            config.integer("n_inner", 4 * width),
            family.activation("activation_function", "gelu_new"),
            /* gated= */ false,
            /* bias= */ true),
        Normalisation.layerNorm(config.number("layer_norm_epsilon", 1e-5)),
        /* parallel= */ false,
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        config.flag("tie_word_embeddings", true),
        endTokens);
  }

  Architecture gptNeox() {
    int layers = family.layers("num_hidden_layers");
    int heads = config.integer("num_attention_heads");
    int width = config.integer("hidden_size");
    int dHead = family.headDimension(width, heads);
    Rotary rotary = new HuggingFacePatterns(family).gptNeox(dHead);
    Attention plain = Attention.plain(layers, heads, heads, dHead, rotary);
    return new Architecture(
        "gpt_neox",
        layers,
        width,
        config.integer("vocab_size"),
        config.integer("max_position_embeddings", 2048),
        config.flag("attention_bias", true) ? plain.withBiases() : plain,
        new Mlp(
            config.integer("intermediate_size"),
            family.activation("hidden_act", "gelu"),
            /* gated= */ false,
            /* bias= */ true),
        Normalisation.layerNorm(config.number("layer_norm_eps", 1e-5)),
        config.flag("use_parallel_residual", true),
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        config.flag("tie_word_embeddings", false),
        endTokens);
  }
}
