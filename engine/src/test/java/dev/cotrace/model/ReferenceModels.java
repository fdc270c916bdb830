package dev.cotrace.model;

import dev.cotrace.model.ReferenceDecoder.Affine;
import dev.cotrace.model.ReferenceDecoder.Head;
import dev.cotrace.model.ReferenceDecoder.Layer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;

/**
 * Makes a {@link ReferenceDecoder} of the tensors and the {@code config.json} of a Hugging Face
 * model.
 */
final class ReferenceModels {
  private final Map<String, NamedArray> weights;
  private final JsonNode config;

  private ReferenceModels(Map<String, NamedArray> weights, JsonNode config) {
    this.weights = weights;
    this.config = config;
  }

  /**
   * A model of the families {@code llama} and {@code gpt2}; a prefix {@code transformer.} of the
   * latter is ignored.
   */
  static ReferenceDecoder of(Map<String, NamedArray> weights, JsonNode config) {
    ReferenceModels models = new ReferenceModels(weights, config);
    return switch (config.get("model_type").asString()) {
      case "llama" -> models.llama();
      case "gpt2" ->
          models.gpt2(weights.containsKey("transformer.wte.weight") ? "transformer." : "");
      default -> throw new IllegalArgumentException("no reference for " + config.get("model_type"));
    };
  }

  private ReferenceDecoder llama() {
    int heads = config.get("num_attention_heads").asInt();
    int group = heads / config.get("num_key_value_heads").asInt();
    int dHead = config.get("head_dim").asInt();
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < config.get("num_hidden_layers").asInt(); l++) {
      String layer = "model.layers." + l + ".";
      Affine query = linear(layer + "self_attn.q_proj");
      Affine key = linear(layer + "self_attn.k_proj");
      Affine value = linear(layer + "self_attn.v_proj");
      Affine output = linear(layer + "self_attn.o_proj");
      List<Head> projections = new ArrayList<>();
      for (int h = 0; h < heads; h++) {
        int shared = h / group;
        projections.add(
            new Head(
                rows(query, h * dHead, dHead),
                rows(key, shared * dHead, dHead),
                rows(value, shared * dHead, dHead),
                columns(output.weight(), h * dHead, dHead)));
      }
      Affine gate = linear(layer + "mlp.gate_proj");
      Affine up = linear(layer + "mlp.up_proj");
      Affine down = linear(layer + "mlp.down_proj");
      layers.add(
          new Layer(
              rmsNorm(layer + "input_layernorm"),
              projections,
              output.bias(),
              rmsNorm(layer + "post_attention_layernorm"),
              x -> down.apply(times(map(gate.apply(x), ReferenceModels::silu), up.apply(x)))));
    }
    double[][] tokens = matrix("model.embed_tokens.weight");
    double[][] noPositions =
        new double[config.get("max_position_embeddings").asInt()][tokens[0].length];
    boolean tied = config.get("tie_word_embeddings").asBoolean();
    double[][] unembedding = tied ? tokens : matrix("lm_head.weight");
    return new ReferenceDecoder(
        tokens, noPositions, inverseFrequencies(dHead), layers, rmsNorm("model.norm"), unembedding);
  }

  private ReferenceDecoder gpt2(String prefix) {
    int heads = config.get("n_head").asInt();
    int width = config.get("n_embd").asInt();
    int dHead = width / heads;
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < config.get("n_layer").asInt(); l++) {
      String layer = prefix + "h." + l + ".";
      Affine fused = conv1d(layer + "attn.c_attn");
      Affine output = conv1d(layer + "attn.c_proj");
      List<Head> projections = new ArrayList<>();
      for (int h = 0; h < heads; h++) {
        projections.add(
            new Head(
                rows(fused, h * dHead, dHead),
                rows(fused, width + h * dHead, dHead),
                rows(fused, 2 * width + h * dHead, dHead),
                columns(output.weight(), h * dHead, dHead)));
      }
      Affine up = conv1d(layer + "mlp.c_fc");
      Affine down = conv1d(layer + "mlp.c_proj");
      layers.add(
          new Layer(
              layerNorm(layer + "ln_1"),
              projections,
              output.bias(),
              layerNorm(layer + "ln_2"),
              x -> down.apply(map(up.apply(x), ReferenceModels::geluNew))));
    }
    double[][] tokens = matrix(prefix + "wte.weight");
    return new ReferenceDecoder(
        tokens,
        matrix(prefix + "wpe.weight"),
        new double[0],
        layers,
        layerNorm(prefix + "ln_f"),
        tokens);
  }

  /**
   * RoFormer's frequencies (arXiv 2104.09864), scaled as Llama 3.1 does where the configuration
   * says so.
   */
  private double[] inverseFrequencies(int dHead) {
    JsonNode rope =
        config.has("rope_parameters") ? config.get("rope_parameters") : config.get("rope_scaling");
    double theta = (rope.has("rope_theta") ? rope : config).get("rope_theta").asDouble();
    double[] frequencies = new double[dHead / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double frequency = Math.pow(theta, -2.0 * i / dHead);
      frequencies[i] =
          rope.get("rope_type").asString().equals("llama3") ? llama3(rope, frequency) : frequency;
    }
    return frequencies;
  }

  private static double llama3(JsonNode rope, double frequency) {
    double factor = rope.get("factor").asDouble();
    double low = rope.get("low_freq_factor").asDouble();
    double high = rope.get("high_freq_factor").asDouble();
    double original = rope.get("original_max_position_embeddings").asDouble();
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength > original / low) {
      return frequency / factor;
    }
    if (wavelength < original / high) {
      return frequency;
    }
    double smooth = (original / wavelength - low) / (high - low);
    return (1 - smooth) * frequency / factor + smooth * frequency;
  }

  private UnaryOperator<double[]> rmsNorm(String name) {
    double[] weight = vector(name + ".weight");
    double epsilon = config.get("rms_norm_eps").asDouble();
    return x -> {
      double scale =
          1 / Math.sqrt(Arrays.stream(x).map(v -> v * v).average().orElseThrow() + epsilon);
      return times(weight, map(x, v -> v * scale));
    };
  }

  private UnaryOperator<double[]> layerNorm(String name) {
    double[] weight = vector(name + ".weight");
    double[] bias = vector(name + ".bias");
    double epsilon = config.get("layer_norm_epsilon").asDouble();
    return x -> {
      double mean = Arrays.stream(x).average().orElseThrow();
      double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      double[] y = times(weight, map(x, v -> (v - mean) / Math.sqrt(variance + epsilon)));
      Arrays.setAll(y, i -> y[i] + bias[i]);
      return y;
    };
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  /** The tanh approximation of GELU (arXiv 1606.08415). */
  private static double geluNew(double x) {
    return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }

  /** torch's {@code nn.Linear}: weight {@code [out][in]}, the bias optional. */
  private Affine linear(String name) {
    double[][] weight = matrix(name + ".weight");
    boolean biased = weights.containsKey(name + ".bias");
    return new Affine(weight, biased ? vector(name + ".bias") : new double[weight.length]);
  }

  /** GPT-2's Conv1D: weight {@code [in][out]} in the file. */
  private Affine conv1d(String name) {
    double[][] stored = matrix(name + ".weight");
    double[][] weight = new double[stored[0].length][stored.length];
    for (int i = 0; i < stored.length; i++) {
      for (int o = 0; o < weight.length; o++) {
        weight[o][i] = stored[i][o];
      }
    }
    return new Affine(weight, vector(name + ".bias"));
  }

  private double[][] matrix(String name) {
    NamedArray array = weight(name);
    double[][] rows = new double[array.dimension(0)][];
    Arrays.setAll(rows, array::slice);
    return rows;
  }

  private double[] vector(String name) {
    return weight(name).slice();
  }

  private NamedArray weight(String name) {
    NamedArray array = weights.get(name);
    if (array == null) {
      throw new IllegalArgumentException("no tensor " + name + " among " + weights.keySet());
    }
    return array;
  }

  private static Affine rows(Affine affine, int first, int count) {
    return new Affine(
        Arrays.copyOfRange(affine.weight(), first, first + count),
        Arrays.copyOfRange(affine.bias(), first, first + count));
  }

  private static double[][] columns(double[][] matrix, int first, int count) {
    return Arrays.stream(matrix)
        .map(row -> Arrays.copyOfRange(row, first, first + count))
        .toArray(double[][]::new);
  }

  private static double[] map(double[] x, DoubleUnaryOperator function) {
    return Arrays.stream(x).map(function).toArray();
  }

  private static double[] times(double[] x, double[] y) {
    double[] product = new double[x.length];
    Arrays.setAll(product, i -> x[i] * y[i]);
    return product;
  }
}
