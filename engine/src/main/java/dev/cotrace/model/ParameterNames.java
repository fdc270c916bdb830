package dev.cotrace.model;

import org.jspecify.annotations.Nullable;

/**
 * What a family calls its parameters in one file format. Names of a layer's parts come after {@code
 * layer}, with the layer's number in it; {@code .weight} or {@code .bias} comes last.
 *
 * <p>A name that only some members of a family need is there for all: the {@link Architecture} says
 * which parameters a model has.
 *
 * @param query the projection to queries, or to queries, keys and values in one
 */
record ParameterNames(
    String embedding,
    @Nullable String positions,
    String layer,
    String attentionNorm,
    String query,
    String key,
    String value,
    String queryNorm,
    String keyNorm,
    String output,
    String attentionPostNorm,
    String mlpNorm,
    String gate,
    String up,
    String down,
    String mlpPostNorm,
    String finalNorm,
    String unembedding) {
  private static final String NONE = "none";

  /** Hugging Face's llama and everything that took its names: mistral, qwen2, qwen3. */
  static final ParameterNames LLAMA =
      new ParameterNames(
          "embed_tokens",
          null,
          "layers.%d.",
          "input_layernorm",
          "self_attn.q_proj",
          "self_attn.k_proj",
          "self_attn.v_proj",
          "self_attn.q_norm",
          "self_attn.k_norm",
          "self_attn.o_proj",
          NONE,
          "post_attention_layernorm",
          "mlp.gate_proj",
          "mlp.up_proj",
          "mlp.down_proj",
          NONE,
          "norm",
          "lm_head");

  /** Hugging Face's gemma2 and gemma3, where {@code post_attention_layernorm} is what it says. */
  static final ParameterNames GEMMA =
      new ParameterNames(
          LLAMA.embedding,
          null,
          LLAMA.layer,
          LLAMA.attentionNorm,
          LLAMA.query,
          LLAMA.key,
          LLAMA.value,
          LLAMA.queryNorm,
          LLAMA.keyNorm,
          LLAMA.output,
          "post_attention_layernorm",
          "pre_feedforward_layernorm",
          LLAMA.gate,
          LLAMA.up,
          LLAMA.down,
          "post_feedforward_layernorm",
          LLAMA.finalNorm,
          LLAMA.unembedding);

  /** Hugging Face's gpt2. */
  static final ParameterNames GPT2 =
      new ParameterNames(
          "wte",
          "wpe",
          "h.%d.",
          "ln_1",
          "attn.c_attn",
          NONE,
          NONE,
          NONE,
          NONE,
          "attn.c_proj",
          NONE,
          "ln_2",
          NONE,
          "mlp.c_fc",
          "mlp.c_proj",
          NONE,
          "ln_f",
          "lm_head");

  /** Hugging Face's gpt_neox. */
  static final ParameterNames GPT_NEOX =
      new ParameterNames(
          "embed_in",
          null,
          "layers.%d.",
          "input_layernorm",
          "attention.query_key_value",
          NONE,
          NONE,
          NONE,
          NONE,
          "attention.dense",
          NONE,
          "post_attention_layernorm",
          NONE,
          "mlp.dense_h_to_4h",
          "mlp.dense_4h_to_h",
          NONE,
          "final_layer_norm",
          "embed_out");

  /** GGUF, which has one name for one thing in all families. */
  static final ParameterNames GGUF =
      new ParameterNames(
          "token_embd",
          "position_embd",
          "blk.%d.",
          "attn_norm",
          "attn_q",
          "attn_k",
          "attn_v",
          "attn_q_norm",
          "attn_k_norm",
          "attn_output",
          "post_attention_norm",
          "ffn_norm",
          "ffn_gate",
          "ffn_up",
          "ffn_down",
          "post_ffw_norm",
          "output_norm",
          "output");

  /** GGUF where queries, keys and values are one projection. */
  static final ParameterNames GGUF_FUSED =
      new ParameterNames(
          GGUF.embedding,
          GGUF.positions,
          GGUF.layer,
          GGUF.attentionNorm,
          "attn_qkv",
          NONE,
          NONE,
          GGUF.queryNorm,
          GGUF.keyNorm,
          GGUF.output,
          GGUF.attentionPostNorm,
          GGUF.mlpNorm,
          GGUF.gate,
          GGUF.up,
          GGUF.down,
          GGUF.mlpPostNorm,
          GGUF.finalNorm,
          GGUF.unembedding);
}
