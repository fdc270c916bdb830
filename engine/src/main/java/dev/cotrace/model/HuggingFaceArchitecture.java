package dev.cotrace.model;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import java.util.Set;

/**
 * The architecture that a Hugging Face {@code config.json} describes, in the spellings of
 * transformers 4 and 5. What it leaves out is what transformers' configuration class says.
 *
 * <p>Source: the configuration_*.py of each family.
 */
final class HuggingFaceArchitecture {
  private HuggingFaceArchitecture() {}

  /**
   * The architecture of {@code config}.
   *
   * @param endTokens ids that end a generation
   * @throws MalformedModelException when the family or one of its features is not supported
   */
  static Architecture of(ModelConfig config, Set<Integer> endTokens) {
    FamilyConfig family = new FamilyConfig(config);
    try {
      family.refuse(config.has("quantization_config"), "quantization_config");
      String name = config.string("model_type");
      if (!name.equals("gemma3")) {
        return of(name, family, endTokens);
      }
      // A model that also sees images keeps its text model's configuration apart.
      ModelConfig text =
          config
              .object("text_config")
              .orElseThrow(
                  () -> family.unsupported("expected an object under text_config, got nothing"));
      return new RmsNormFamilies(new FamilyConfig(text), endTokens).gemma3Within(config);
    } catch (IllegalArgumentException e) {
      throw family.unsupported(String.valueOf(e.getMessage()));
    }
  }

  private static Architecture of(String name, FamilyConfig config, Set<Integer> endTokens) {
    LayerNormFamilies layerNorm = new LayerNormFamilies(config, endTokens);
    RmsNormFamilies rmsNorm = new RmsNormFamilies(config, endTokens);
    return switch (name) {
      case "gpt2" -> layerNorm.gpt2();
      case "gpt_neox" -> layerNorm.gptNeox();
      case "llama" -> rmsNorm.llama();
      case "mistral" -> rmsNorm.mistral();
      case "qwen2" -> rmsNorm.qwen2();
      case "qwen3" -> rmsNorm.qwen3();
      case "gemma2" -> rmsNorm.gemma2();
      case "gemma3_text" -> rmsNorm.gemma3();
      default ->
          throw config.unsupported(
              "model_type %s is not supported; supported are gpt2, gpt_neox, llama, mistral, qwen2, qwen3, gemma2 and gemma3"
                  .formatted(name));
    };
  }
}
