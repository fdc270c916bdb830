package dev.cotrace.model;

import dev.cotrace.model.ReferenceDecoder.Attention;
import dev.cotrace.model.ReferenceDecoder.Head;
import dev.cotrace.model.ReferenceDecoder.Layer;
import dev.cotrace.model.ReferenceDecoder.Positions;
import dev.cotrace.model.ReferenceDecoder.Share;
import dev.cotrace.model.ReferenceFunctions.Affine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Makes a {@link ReferenceDecoder} of the tensors and the {@code config.json} of a Hugging Face
 * model.
 */
final class ReferenceModels {
  private final ReferenceWeights weights;
  private final ReferenceConfig config;

  private ReferenceModels(ReferenceWeights weights, ReferenceConfig config) {
    this.weights = weights;
    this.config = config;
  }

  /** The model of whatever family {@code config} names. */
  static ReferenceDecoder of(Map<String, NamedArray> weights, JsonNode config) {
    ReferenceModels models =
        new ReferenceModels(new ReferenceWeights(weights), new ReferenceConfig(config));
    return switch (models.config.family()) {
      case "llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text" -> models.gated();
      case "gpt2" -> models.gpt2();
      case "gpt_neox" -> models.gptNeox();
      default -> throw new IllegalArgumentException("no reference for " + models.config.family());
    };
  }

  /** The families that began with llama. */
  private ReferenceDecoder gated() {
    String prefix =
        Stream.of("model.", "model.language_model.", "language_model.model.")
            .filter(start -> weights.has(start + "embed_tokens.weight"))
            .findFirst()
            .orElseThrow();
    List<Layer> layers =
        layers("num_hidden_layers", l -> gatedLayer(l, prefix + "layers." + l + "."));
    double[][] tokens = weights.matrix(prefix + "embed_tokens.weight");
    boolean tied = config.flag("tie_word_embeddings", config.isGemma());
    double scale = config.isGemma() ? Math.sqrt(tokens[0].length) : 1;
    return new ReferenceDecoder(
        each(tokens, x -> x * scale),
        new double[0][],
        layers,
        unembed(
            rmsNorm(prefix + "norm"),
            tied ? tokens : weights.matrix("lm_head.weight"),
            config.isGemma() ? config.number("final_logit_softcapping", 0) : 0));
  }

  private Layer gatedLayer(int l, String layer) {
    boolean gemma = config.isGemma();
    Affine gate = weights.linear(layer + "mlp.gate_proj");
    Affine up = weights.linear(layer + "mlp.up_proj");
    Affine down = weights.linear(layer + "mlp.down_proj");
    DoubleUnaryOperator activation =
        gemma ? ReferenceFunctions::geluTanh : ReferenceFunctions::silu;
    Share share = gemma ? postNorm(layer + "post_feedforward_layernorm") : Share.PLAIN;
    return new Layer(
        gatedAttention(l, layer),
        /* parallel= */ false,
        rmsNorm(layer + (gemma ? "pre_feedforward_layernorm" : "post_attention_layernorm")),
        x -> {
          double[] gates = ReferenceFunctions.map(gate.apply(x), activation);
          return down.apply(ReferenceFunctions.times(gates, up.apply(x)));
        },
        share);
  }

  private Attention gatedAttention(int l, String layer) {
    int heads = config.count("num_attention_heads", 8);
    int usual = config.isGemma3() ? 256 : config.count("hidden_size") / heads;
    int dHead = config.count("head_dim", usual);
    double scalar = config.isGemma() ? config.number("query_pre_attn_scalar", 256) : dHead;
    double cap = config.family().equals("gemma2") ? config.number("attn_logit_softcapping", 0) : 0;
    Affine output = weights.linear(layer + "self_attn.o_proj");
    return new Attention(
        rmsNorm(layer + "input_layernorm"),
        gatedHeads(layer + "self_attn.", output, heads, dHead),
        output.bias(),
        config.positions(l, dHead),
        1 / Math.sqrt(scalar),
        score -> ReferenceFunctions.capped(score, cap),
        config.isGemma() ? postNorm(layer + "post_attention_layernorm") : Share.PLAIN);
  }

  /** Heads that share keys and values in groups. */
  private List<Head> gatedHeads(String attention, Affine output, int heads, int dHead) {
    Affine query = weights.linear(attention + "q_proj");
    Affine key = weights.linear(attention + "k_proj");
    Affine value = weights.linear(attention + "v_proj");
    UnaryOperator<double[]> queryNorm = headNorm(attention + "q_norm");
    UnaryOperator<double[]> keyNorm = headNorm(attention + "k_norm");
    int group = heads / config.count("num_key_value_heads", config.isGemma3() ? 4 : heads);
    List<Head> all = new ArrayList<>();
    for (int h = 0; h < heads; h++) {
      int shared = h / group;
      Affine own = query.rows(h * dHead, dHead);
      Affine sharedKey = key.rows(shared * dHead, dHead);
      all.add(
          new Head(
              x -> queryNorm.apply(own.apply(x)),
              x -> keyNorm.apply(sharedKey.apply(x)),
              value.rows(shared * dHead, dHead)::apply,
              output.columns(h * dHead, dHead)));
    }
    return all;
  }

  private ReferenceDecoder gpt2() {
    String prefix = weights.has("transformer.wte.weight") ? "transformer." : "";
    int heads = config.count("n_head");
    int width = config.count("n_embd");
    int dHead = width / heads;
    List<Layer> layers =
        layers(
            "n_layer",
            l -> {
              String layer = prefix + "h." + l + ".";
              Affine fused = weights.conv1d(layer + "attn.c_attn");
              Attention attention =
                  plainAttention(
                      layerNorm(layer + "ln_1"),
                      slot -> h -> fused.rows(slot * width + h * dHead, dHead),
                      weights.conv1d(layer + "attn.c_proj"),
                      new Positions(new double[0], Positions.ALL),
                      heads);
              return new Layer(
                  attention,
                  /* parallel= */ false,
                  layerNorm(layer + "ln_2"),
                  mlp(
                      weights.conv1d(layer + "mlp.c_fc"),
                      ReferenceFunctions::geluTanh,
                      weights.conv1d(layer + "mlp.c_proj")),
                  Share.PLAIN);
            });
    double[][] tokens = weights.matrix(prefix + "wte.weight");
    return new ReferenceDecoder(
        tokens,
        weights.matrix(prefix + "wpe.weight"),
        layers,
        unembed(layerNorm(prefix + "ln_f"), tokens, /* cap= */ 0));
  }

  private ReferenceDecoder gptNeox() {
    int heads = config.count("num_attention_heads");
    int dHead = config.count("hidden_size") / heads;
    List<Layer> layers =
        layers(
            "num_hidden_layers",
            l -> {
              String layer = "gpt_neox.layers." + l + ".";
              Affine fused = weights.linear(layer + "attention.query_key_value");
              Attention attention =
                  plainAttention(
                      layerNorm(layer + "input_layernorm"),
                      slot -> h -> fused.rows((3 * h + slot) * dHead, dHead),
                      weights.linear(layer + "attention.dense"),
                      config.positions(l, dHead),
                      heads);
              return new Layer(
                  attention,
                  config.flag("use_parallel_residual", true),
                  layerNorm(layer + "post_attention_layernorm"),
                  mlp(
                      weights.linear(layer + "mlp.dense_h_to_4h"),
                      ReferenceFunctions::gelu,
                      weights.linear(layer + "mlp.dense_4h_to_h")),
                  Share.PLAIN);
            });
    return new ReferenceDecoder(
        weights.matrix("gpt_neox.embed_in.weight"),
        new double[0][],
        layers,
        unembed(
            layerNorm("gpt_neox.final_layer_norm"),
            weights.matrix("embed_out.weight"),
            /* cap= */ 0));
  }

  private List<Layer> layers(String key, IntFunction<Layer> layer) {
    return IntStream.range(0, config.count(key)).mapToObj(layer).toList();
  }

  /**
   * Attention whose heads have keys and values of their own.
   *
   * @param projections of slot 0 (queries), 1 (keys) or 2 (values), of each head
   */
  private static Attention plainAttention(
      UnaryOperator<double[]> norm,
      IntFunction<IntFunction<Affine>> projections,
      Affine output,
      Positions positions,
      int heads) {
    int dHead = projections.apply(0).apply(0).bias().length;
    List<Head> all =
        IntStream.range(0, heads)
            .mapToObj(h ->
                new Head(
                    projections.apply(0).apply(h)::apply,
                    projections.apply(1).apply(h)::apply,
                    projections.apply(2).apply(h)::apply,
                    output.columns(h * dHead, dHead)))
            .toList();
    return new Attention(
        norm,
        all,
        output.bias(),
        positions,
        1 / Math.sqrt(dHead),
        DoubleUnaryOperator.identity(),
        Share.PLAIN);
  }

  private static UnaryOperator<double[]> mlp(
      Affine up, DoubleUnaryOperator activation, Affine down) {
    return x -> down.apply(ReferenceFunctions.map(up.apply(x), activation));
  }

  private static UnaryOperator<double[]> unembed(
      UnaryOperator<double[]> norm, double[][] unembedding, double cap) {
    return x ->
        ReferenceFunctions.map(
            ReferenceDecoder.multiply(unembedding, norm.apply(x)),
            logit -> ReferenceFunctions.capped(logit, cap));
  }

  private UnaryOperator<double[]> rmsNorm(String name) {
    Share share = postNorm(name);
    return x -> share.of(x, x);
  }

  /** RMSNorm of a sum, dealt out: every part divided by the root mean square of the whole. */
  private Share postNorm(String name) {
    double stored = config.isGemma() ? 1 : 0; // Gemma stores its factors less one.
    double[] gain = ReferenceFunctions.map(weights.vector(name + ".weight"), w -> w + stored);
    double epsilon = config.number("rms_norm_eps", 1e-6);
    return (part, whole) -> {
      double root = ReferenceFunctions.root(whole, epsilon);
      return ReferenceFunctions.times(gain, ReferenceFunctions.map(part, v -> v / root));
    };
  }

  /** The norm of queries or keys over dHead, where there is one. */
  private UnaryOperator<double[]> headNorm(String name) {
    return weights.has(name + ".weight") ? rmsNorm(name) : UnaryOperator.identity();
  }

  private UnaryOperator<double[]> layerNorm(String name) {
    double[] weight = weights.vector(name + ".weight");
    double[] bias = weights.vector(name + ".bias");
    double epsilon = config.number("layer_norm_eps", config.number("layer_norm_epsilon", 1e-5));
    return x -> ReferenceFunctions.layerNorm(weight, bias, epsilon, x);
  }

  private static double[][] each(double[][] rows, DoubleUnaryOperator function) {
    return Stream.of(rows)
        .map(row -> ReferenceFunctions.map(row, function))
        .toArray(double[][]::new);
  }
}
