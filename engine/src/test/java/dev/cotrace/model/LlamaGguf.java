package dev.cotrace.model;

import dev.cotrace.format.StoredTensor;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** Turns a golden llama into GGUF as llama.cpp's convert_hf_to_gguf.py does. */
final class LlamaGguf {
  private static final Map<String, String> TOP =
      Map.of("model.embed_tokens", "token_embd", "model.norm", "output_norm", "lm_head", "output");
  private static final Map<String, String> BLOCK =
      Map.of(
          "input_layernorm", "attn_norm",
          "self_attn.q_proj", "attn_q",
          "self_attn.k_proj", "attn_k",
          "self_attn.v_proj", "attn_v",
          "self_attn.o_proj", "attn_output",
          "post_attention_layernorm", "ffn_norm",
          "mlp.gate_proj", "ffn_gate",
          "mlp.up_proj", "ffn_up",
          "mlp.down_proj", "ffn_down");

  private LlamaGguf() {}

  /** A writer of {@code tensors}, by their Hugging Face names, with all keys of {@code config}. */
  static GgufWriter of(JsonNode config, List<StoredTensor> tensors, boolean quantised) {
    GgufWriter writer = metadata(config);
    for (StoredTensor tensor : tensors) {
      long[] shape = tensor.shape();
      double[] values = new double[(int) tensor.elements()];
      tensor.decode(0, values);
      String name = name(tensor.name());
      if (name.contains("attn_q.") || name.contains("attn_k.")) {
        values = interleaved(values, config.get("head_dim").asInt(), shape);
      }
      if (quantised && isQuantised(tensor)) {
        writer.bytes(name, values, shape);
      } else {
        writer.floats(name, values, shape);
      }
    }
    return writer;
  }

  /**
   * Whether a quantised file holds {@code tensor} in Q8_0: matrices whose rows are whole blocks.
   */
  static boolean isQuantised(StoredTensor tensor) {
    return tensor.shape().length == 2 && tensor.shape()[1] % 32 == 0;
  }

  private static GgufWriter metadata(JsonNode config) {
    GgufWriter writer =
        new GgufWriter()
            .put("general.architecture", "llama")
            .put("llama.block_count", config.get("num_hidden_layers").asInt())
            .put("llama.embedding_length", config.get("hidden_size").asInt())
            .put("llama.feed_forward_length", config.get("intermediate_size").asInt())
            .put("llama.context_length", config.get("max_position_embeddings").asInt())
            .put("llama.attention.head_count", config.get("num_attention_heads").asInt())
            .put("llama.attention.head_count_kv", config.get("num_key_value_heads").asInt())
            .put("llama.attention.key_length", config.get("head_dim").asInt())
            .put("llama.attention.value_length", config.get("head_dim").asInt())
            .put("llama.attention.layer_norm_rms_epsilon", config.get("rms_norm_eps").floatValue())
            .put("llama.rope.dimension_count", config.get("head_dim").asInt())
            .put("tokenizer.ggml.eos_token_id", config.get("eos_token_id").asInt());
    JsonNode rope = config.get("rope_parameters");
    writer.put("llama.rope.freq_base", rope.get("rope_theta").floatValue());
    return rope.get("rope_type").asString().equals("llama3")
        ? writer.floats("rope_freqs.weight", divisors(config), config.get("head_dim").asInt() / 2)
        : writer;
  }

  /** How much slower each plane turns. */
  private static double[] divisors(JsonNode config) {
    JsonNode rope = config.get("rope_parameters");
    Rotary plain = Rotary.of(rope.get("rope_theta").asDouble(), config.get("head_dim").asInt());
    Rotary scaled =
        plain.scaled(
            new Rotary.Llama3Scaling(
                rope.get("factor").asDouble(),
                rope.get("low_freq_factor").asDouble(),
                rope.get("high_freq_factor").asDouble(),
                rope.get("original_max_position_embeddings").asDouble()));
    double[] divisors = plain.inverseFrequencies().clone();
    for (int i = 0; i < divisors.length; i++) {
      divisors[i] /= scaled.inverseFrequencies()[i];
    }
    return divisors;
  }

  private static String name(String huggingFace) {
    int dot = huggingFace.lastIndexOf('.');
    String stem = huggingFace.substring(0, dot);
    String kind = huggingFace.substring(dot);
    String top = TOP.get(stem);
    if (top != null) {
      return top + kind;
    }
    String[] parts = stem.split("\\.", 4); // model.layers.N.rest
    return "blk." + parts[2] + "." + BLOCK.get(parts[3]) + kind;
  }

  /** Within each head, row {@code j · dHead/2 + i} becomes row {@code 2i + j}. */
  private static double[] interleaved(double[] values, int headDimension, long[] shape) {
    int columns = shape.length == 1 ? 1 : (int) shape[1];
    int half = headDimension / 2;
    double[] interleaved = new double[values.length];
    for (int row = 0; row < shape[0]; row++) {
      int within = row % headDimension;
      int target = row - within + 2 * (within % half) + within / half;
      System.arraycopy(values, row * columns, interleaved, target * columns, columns);
    }
    return interleaved;
  }
}
