package dev.cotrace.model;

import dev.cotrace.model.ReferenceDecoder.Positions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** What a Hugging Face {@code config.json} says, in the spellings of transformers 4 and 5. */
final class ReferenceConfig {
  private final JsonNode root;
  private final String family;

  /** A multimodal model's language model is under {@code text_config}. */
  ReferenceConfig(JsonNode config) {
    root = config.has("text_config") ? config.get("text_config") : config;
    family = root.get("model_type").asString();
  }

  String family() {
    return family;
  }

  boolean isGemma() {
    return family.startsWith("gemma");
  }

  boolean isGemma3() {
    return family.equals("gemma3_text");
  }

  /** The number under {@code key}, which must be there. */
  int count(String key) {
    return root.required(key).asInt();
  }

  int count(String key, int absent) {
    return given(root, key) ? root.get(key).asInt() : absent;
  }

  double number(String key, double absent) {
    return given(root, key) ? root.get(key).asDouble() : absent;
  }

  boolean flag(String key, boolean absent) {
    return given(root, key) ? root.get(key).asBoolean() : absent;
  }

  /** Rotation and window of a layer whose heads are {@code dHead} wide. */
  Positions positions(int layer, int dHead) {
    boolean slides = slides(layer);
    return new Positions(
        inverseFrequencies(slides, dHead), slides ? count("sliding_window") : Positions.ALL);
  }

  private boolean slides(int layer) {
    if (root.has("layer_types")) {
      return root.get("layer_types").get(layer).asString().equals("sliding_attention");
    }
    return switch (family) {
      case "mistral" -> given(root, "sliding_window");
      case "qwen2", "qwen3" ->
          flag("use_sliding_window", false) && layer >= count("max_window_layers");
      case "gemma2" -> layer % 2 == 0;
      case "gemma3_text" -> (layer + 1) % count("sliding_window_pattern", 6) != 0;
      default -> false;
    };
  }

  /** RoFormer's frequencies (arXiv 2104.09864), slower where a scaling says so. */
  private double[] inverseFrequencies(boolean slides, int dHead) {
    JsonNode rope = rope(slides);
    double theta = theta(rope, slides);
    int rotated = (int) (dHead * rotatedShare(rope));
    double[] frequencies = new double[rotated / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = scaled(rope, Math.pow(theta, -2.0 * i / rotated));
    }
    return frequencies;
  }

  /** Type, scaling and, in the newer spelling, theta; local layers of the older one have none. */
  private JsonNode rope(boolean slides) {
    if (root.has("rope_parameters")) {
      JsonNode rope = root.get("rope_parameters");
      String kind = slides ? "sliding_attention" : "full_attention";
      return rope.has(kind) ? rope.get(kind) : rope;
    }
    boolean local = slides && isGemma3();
    return given(root, "rope_scaling") && !local
        ? root.get("rope_scaling")
        : MissingNode.getInstance();
  }

  private double theta(JsonNode rope, boolean slides) {
    if (rope.has("rope_theta")) {
      return rope.get("rope_theta").asDouble();
    }
    return switch (family) {
      case "gpt_neox" -> number("rotary_emb_base", 1e4);
      case "gemma3_text" ->
          slides ? number("rope_local_base_freq", 1e4) : number("rope_theta", 1e6);
      default -> number("rope_theta", 1e4);
    };
  }

  private double rotatedShare(JsonNode rope) {
    if (rope.has("partial_rotary_factor")) {
      return rope.get("partial_rotary_factor").asDouble();
    }
    return family.equals("gpt_neox") ? number("rotary_pct", 0.25) : 1;
  }

  private static double scaled(JsonNode rope, double frequency) {
    return switch (rope.path("rope_type").asString(rope.path("type").asString("default"))) {
      case "default" -> frequency;
      case "linear" -> frequency / rope.get("factor").asDouble();
      case "llama3" -> llama3(rope, frequency);
      default -> throw new IllegalArgumentException("no reference for " + rope);
    };
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

  private static boolean given(JsonNode node, String key) {
    return node.has(key) && !node.get(key).isNull();
  }
}
