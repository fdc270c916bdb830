package dev.cotrace.model;

import java.util.List;
import java.util.regex.Pattern;

/**
 * How a file keeps the parameters of a family: under which names, and in what form other than that
 * of {@link Weights}.
 *
 * @param prefixes what may stand before all names but the unembedding's; the one that does is found
 *     by the final norm
 * @param transposed whether linear maps are stored {@code [in, out]}
 * @param fusion how queries, keys and values are stored
 * @param interleavedHeads whether rows of queries and keys are stored for interleaved rotation:
 *     within a head, row {@code 2i + j} is the half-split row {@code j · dHead/2 + i}
 * @param offsetGains whether norms store their gain less one
 * @param ignored names of stored tensors that are no parameters of the model
 */
record ParameterLayout(
    ParameterNames names,
    List<String> prefixes,
    boolean transposed,
    Fusion fusion,
    boolean interleavedHeads,
    boolean offsetGains,
    Pattern ignored) {

  /** How queries, keys and values are stored. */
  enum Fusion {
    /** As a projection each. */
    APART,
    /** As one projection, its rows all queries, all keys, all values. */
    BLOCKS,
    /** As one projection, its rows the queries, keys and values of the first head, and so on. */
    BY_HEAD
  }

  /** Buffers of positions that old versions of transformers saved. */
  private static final Pattern FREQUENCIES = Pattern.compile(".*\\.rotary_emb\\.inv_freq");

  /** What {@code save_pretrained} of a model of {@code family} writes. */
  static ParameterLayout huggingFace(String family) {
    return switch (family) {
      case "gpt2" ->
          new ParameterLayout(
              ParameterNames.GPT2,
              List.of("transformer.", ""),
              /* transposed= */ true,
              Fusion.BLOCKS,
              /* interleavedHeads= */ false,
              /* offsetGains= */ false,
              // The causal mask, which old versions saved.
              Pattern.compile(".*\\.attn\\.(masked_)?bias"));
      case "gpt_neox" ->
          new ParameterLayout(
              ParameterNames.GPT_NEOX,
              List.of("gpt_neox.", ""),
              /* transposed= */ false,
              Fusion.BY_HEAD,
              /* interleavedHeads= */ false,
              /* offsetGains= */ false,
              Pattern.compile(".*\\.attention\\.((masked_)?bias|rotary_emb\\.inv_freq)"));
      case "gemma2", "gemma3_text" ->
          new ParameterLayout(
              ParameterNames.GEMMA,
              List.of("model.", "", "language_model.model.", "model.language_model."),
              /* transposed= */ false,
              Fusion.APART,
              /* interleavedHeads= */ false,
              /* offsetGains= */ true,
              // What reads images, and what leads from there into the text model.
              Pattern.compile("(model\\.)?(vision_tower|multi_modal_projector)\\..*"));
      default ->
          new ParameterLayout(
              ParameterNames.LLAMA,
              List.of("model.", ""),
              /* transposed= */ false,
              Fusion.APART,
              /* interleavedHeads= */ false,
              /* offsetGains= */ false,
              FREQUENCIES);
    };
  }

  /**
   * What llama.cpp's converter writes: Hugging Face's parameters in the form in which llama.cpp
   * computes.
   *
   * @param fused whether queries, keys and values are one projection
   */
  static ParameterLayout gguf(String family, boolean fused) {
    return new ParameterLayout(
        fused ? ParameterNames.GGUF_FUSED : ParameterNames.GGUF,
        List.of(""),
        /* transposed= */ false,
        fused ? Fusion.BLOCKS : Fusion.APART,
        /* interleavedHeads= */ family.equals("llama"),
        /* offsetGains= */ false,
        Pattern.compile("rope_freqs\\.weight"));
  }

  /** What stands before all names but the unembedding's in {@code source}. */
  String prefix(ParameterSource source) {
    return prefixes.stream()
        .filter(prefix -> source.has(prefix + names.finalNorm() + ".weight"))
        .findFirst()
        .orElse(prefixes.getFirst());
  }
}
