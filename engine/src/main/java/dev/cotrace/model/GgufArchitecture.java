package dev.cotrace.model;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.GgufMetadata;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.model.Architecture.Activation;
import dev.cotrace.model.Architecture.Attention;
import dev.cotrace.model.Architecture.Mlp;
import dev.cotrace.model.Architecture.Normalisation;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The architecture of a GGUF file. Which biases and norms there are is read off its tensors.
 *
 * <p>Source: ggml's docs/gguf.md and llama.cpp's gguf-py/constants.py for the keys, its src/models
 * for what the keys leave out.
 */
final class GgufArchitecture {
  /** GGUF's names of the families, and ours. */
  private static final Map<String, String> FAMILIES =
      Map.of(
          "gpt2", "gpt2",
          "gptneox", "gpt_neox",
          "llama", "llama",
          "qwen2", "qwen2",
          "qwen3", "qwen3",
          "gemma2", "gemma2",
          "gemma3", "gemma3_text");

  private static final Set<String> END_KEYS =
      Set.of(
          "tokenizer.ggml.eos_token_id",
          "tokenizer.ggml.eot_token_id",
          "tokenizer.ggml.eom_token_id");

  /** Keys whose nonzero value changes the computation in a way that the decoder does not know. */
  private static final Map<String, String> REFUSED =
      Map.of(
          "expert_count", "a mixture of experts",
          "logit_scale", "scaled logits",
          "residual_scale", "a scaled residual stream",
          "embedding_scale", "scaled embeddings");

  private final Gguf file;
  private final GgufMetadata metadata;
  private final GgufKeys keys;
  private final String family;
  private final Set<Integer> endTokens;

  private GgufArchitecture(Gguf file, Set<Integer> endTokens) {
    this.file = file;
    this.endTokens = endTokens;
    metadata = file.metadata();
    String name = metadata.string("general.architecture");
    String known = FAMILIES.get(name);
    if (known == null) {
      throw new MalformedModelException(
          file.path(),
          0,
          "general.architecture %s is not supported; supported are %s"
              .formatted(name, String.join(", ", FAMILIES.keySet().stream().sorted().toList())));
    }
    family = known;
    keys = new GgufKeys(file, name);
  }

  /**
   * What the metadata and the tensors say of the model.
   *
   * @param endTokens ids that end a generation besides those in the metadata
   * @throws MalformedModelException when a key is missing or asks for something unsupported
   */
  static Architecture of(Gguf file, Set<Integer> endTokens) {
    try {
      return new GgufArchitecture(file, endTokens).read();
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(file.path(), 0, String.valueOf(e.getMessage()));
    }
  }

  private Architecture read() {
    REFUSED.forEach((key, feature) -> {
      if (keys.number(key, 0) != 0) {
        throw keys.malformed(
            "%s asks for %s, which is not supported".formatted(keys.name(key), feature));
      }
    });
    int layers = keys.count("block_count");
    if (layers > file.tensors().size()) {
      throw keys.malformed(
          "expected tensors of %d layers, got %d in all".formatted(layers, file.tensors().size()));
    }
    int width = keys.count("embedding_length");
    Attention attention = attention(layers, width);
    return new Architecture(
        family,
        layers,
        width,
        rows("token_embd.weight"),
        keys.count("context_length"),
        attention,
        new Mlp(
            rows("blk.0.ffn_up.weight"), // In gpt2 the key says 4 · D whatever F is.
            activation(),
            hasTensor("blk.0.ffn_gate.weight"),
            hasTensor("blk.0.ffn_up.bias")),
        new Normalisation(
            hasTensor("output_norm.bias"),
            keys.has("attention.layer_norm_rms_epsilon")
                ? keys.number("attention.layer_norm_rms_epsilon")
                : keys.number("attention.layer_norm_epsilon"),
            hasTensor("blk.0.post_attention_norm.weight")),
        family.equals("gpt_neox") && keys.flag("use_parallel_residual", true),
        isGemma() ? Math.sqrt(width) : 1,
        keys.number("final_logit_softcapping", family.equals("gemma2") ? 30 : 0),
        !hasTensor("output.weight"),
        endTokens());
  }

  private Attention attention(int layers, int width) {
    int heads = keys.count("attention.head_count");
    int headDimension = headDimension(width, heads);
    return new Attention(
        heads,
        keys.has("attention.head_count_kv") ? keys.count("attention.head_count_kv") : heads,
        headDimension,
        attentionScale(layers, width, heads, headDimension),
        keys.number("attn_logit_softcapping", family.equals("gemma2") ? 50 : 0),
        hasTensor("blk.0.attn_q.bias") || hasTensor("blk.0.attn_qkv.bias"),
        hasTensor("blk.0.attn_output.bias"),
        hasTensor("blk.0.attn_q_norm.weight"),
        new GgufPatterns(file, keys, family).of(layers, headDimension));
  }

  private boolean isGemma() {
    return family.startsWith("gemma");
  }

  /** The 27B gemmas, which their depths tell, scale by D/H; the files do not say so. */
  private double attentionScale(int layers, int width, int heads, int headDimension) {
    boolean byWidth =
        (family.equals("gemma2") && layers == 46) || (family.equals("gemma3_text") && layers == 62);
    double usual = Math.pow(byWidth ? (double) width / heads : headDimension, -0.5);
    double given = keys.number("attention.scale", 0);
    return given == 0 ? usual : given;
  }

  private Activation activation() {
    return switch (family) {
      case "gpt_neox" -> Activation.GELU;
      case "gpt2", "gemma2", "gemma3_text" -> Activation.GELU_TANH;
      default -> Activation.SILU;
    };
  }

  private int headDimension(int width, int heads) {
    if (!keys.has("attention.key_length")) {
      if (width % heads != 0) {
        throw keys.malformed(
            "expected %s to divide %s %d, got %d"
                .formatted(
                    keys.name("attention.head_count"),
                    keys.name("embedding_length"),
                    width,
                    heads));
      }
      return width / heads;
    }
    int key = keys.count("attention.key_length");
    int value = keys.has("attention.value_length") ? keys.count("attention.value_length") : key;
    if (value != key) {
      throw keys.malformed(
          "expected keys and values of one width, got %s %d and value_length %d"
              .formatted(keys.name("attention.key_length"), key, value));
    }
    return key;
  }

  private int rows(String name) {
    StoredTensor matrix = file.tensor(name);
    long[] shape = matrix.shape();
    if (shape.length != 2 || shape[0] > Integer.MAX_VALUE) {
      throw keys.malformed("expected %s to be a matrix, got %s".formatted(name, matrix));
    }
    return (int) shape[0];
  }

  private boolean hasTensor(String name) {
    return file.tensors().containsKey(name);
  }

  private Set<Integer> endTokens() {
    Set<Integer> ends = new HashSet<>(endTokens);
    for (String key : END_KEYS) {
      if (metadata.contains(key)) {
        ends.add((int) metadata.integer(key));
      }
    }
    return ends;
  }
}
