package dev.cotrace.model;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.GgufMetadata;
import dev.cotrace.format.GgufValue;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.model.Architecture.Activation;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The architecture of a GGUF file of the family {@code llama}.
 *
 * <p>Source: ggml's docs/gguf.md and llama.cpp's gguf-py/constants.py for the keys.
 */
final class GgufArchitecture {
  private static final Set<String> END_KEYS =
      Set.of(
          "tokenizer.ggml.eos_token_id",
          "tokenizer.ggml.eot_token_id",
          "tokenizer.ggml.eom_token_id");

  /** Keys whose nonzero value changes the computation in a way that the decoder does not know. */
  private static final Map<String, String> REFUSED =
      Map.of(
          "llama.expert_count", "a mixture of experts",
          "llama.attention.sliding_window", "sliding-window attention",
          "llama.attention.scale", "an attention scale of its own",
          "llama.logit_scale", "scaled logits",
          "llama.residual_scale", "a scaled residual stream",
          "llama.embedding_scale", "scaled embeddings");

  private final Gguf file;
  private final GgufMetadata metadata;
  private final Set<Integer> endTokens;

  private GgufArchitecture(Gguf file, Set<Integer> endTokens) {
    this.file = file;
    this.endTokens = endTokens;
    metadata = file.metadata();
  }

  /**
   * What the metadata, and the tensors {@code token_embd}, {@code output} and {@code rope_freqs},
   * say of the model.
   *
   * @param endTokens ids that end a generation besides those in the metadata
   * @throws MalformedModelException when a key is missing or asks for something unsupported
   */
  static Architecture of(Gguf file, Set<Integer> endTokens) {
    try {
      return new GgufArchitecture(file, endTokens).llama();
    } catch (IllegalArgumentException e) {
      throw new MalformedModelException(file.path(), 0, String.valueOf(e.getMessage()));
    }
  }

  private Architecture llama() {
    String family = metadata.string("general.architecture");
    if (!family.equals("llama")) {
      throw malformed("expected general.architecture llama, got " + family);
    }
    REFUSED.forEach((key, feature) -> {
      if (metadata.contains(key) && metadata.number(key) != 0) {
        throw malformed("%s asks for %s, which is not supported".formatted(key, feature));
      }
    });
    int heads = count("llama.attention.head_count");
    int width = count("llama.embedding_length");
    int headDimension = headDimension(width, heads);
    return new Architecture(
        family,
        count("llama.block_count"),
        heads,
        metadata.contains("llama.attention.head_count_kv")
            ? count("llama.attention.head_count_kv")
            : heads,
        headDimension,
        width,
        count("llama.feed_forward_length"),
        vocabulary(),
        count("llama.context_length"),
        /* centredNorm= */ false,
        metadata.number("llama.attention.layer_norm_rms_epsilon"),
        Activation.SILU,
        /* gatedMlp= */ true,
        rotary(headDimension),
        !file.tensors().containsKey("output.weight"),
        endTokens());
  }

  private int headDimension(int width, int heads) {
    if (!metadata.contains("llama.attention.key_length")) {
      if (width % heads != 0) {
        throw malformed(
            "expected llama.attention.head_count to divide llama.embedding_length %d, got %d"
                .formatted(width, heads));
      }
      return width / heads;
    }
    int key = count("llama.attention.key_length");
    if (metadata.integer("llama.attention.value_length", key) != key) {
      throw malformed(
          "expected keys and values of one width, got llama.attention.key_length %d and value_length %d"
              .formatted(key, count("llama.attention.value_length")));
    }
    return key;
  }

  private int vocabulary() {
    StoredTensor embedding = file.tensor("token_embd.weight");
    long[] shape = embedding.shape();
    if (shape.length != 2 || shape[0] > Integer.MAX_VALUE) {
      throw malformed("expected token_embd.weight to be [vocabulary, width], got " + embedding);
    }
    return (int) shape[0];
  }

  private Rotary rotary(int headDimension) {
    long turned = metadata.integer("llama.rope.dimension_count", headDimension);
    if (turned != headDimension) {
      throw malformed(
          "llama.rope.dimension_count asks for %d rotated dimensions of %d, which is not supported"
              .formatted(turned, headDimension));
    }
    Rotary rotary = Rotary.of(metadata.number("llama.rope.freq_base", 10_000), headDimension);
    StoredTensor divisors = file.tensors().get("rope_freqs.weight");
    if (divisors != null) {
      double[] values = new double[Math.toIntExact(divisors.elements())];
      divisors.decode(0, values);
      return rotary.dividedBy(values);
    }
    if (metadata.contains("llama.rope.scale_linear")) { // Before 2024 the only scaling there was.
      return rotary.slowedBy(metadata.number("llama.rope.scale_linear"));
    }
    String scaling = metadata.string("llama.rope.scaling.type", "none");
    return switch (scaling) {
      case "none" -> rotary;
      case "linear" -> rotary.slowedBy(metadata.number("llama.rope.scaling.factor"));
      default ->
          throw malformed(
              "llama.rope.scaling.type asks for %s rotary scaling, which is not supported; supported are none and linear"
                  .formatted(scaling));
    };
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

  /** A count that some files repeat for every layer. */
  private int count(String key) {
    long count =
        metadata.values().get(key) instanceof GgufValue.Items
            ? repeated(key)
            : metadata.integer(key);
    if (count < 1 || count > Integer.MAX_VALUE) {
      throw malformed("expected %s from 1 to 2^31 − 1, got %d".formatted(key, count));
    }
    return (int) count;
  }

  private long repeated(String key) {
    long[] counts = metadata.integers(key);
    for (long count : counts) {
      if (count != counts[0]) {
        throw malformed("%s differs from layer to layer, which is not supported".formatted(key));
      }
    }
    return counts.length == 0 ? 0 : counts[0];
  }

  private MalformedModelException malformed(String reason) {
    return new MalformedModelException(file.path(), 0, reason);
  }
}
