package dev.cotrace.model;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.TensorFile;
import dev.cotrace.model.Weights.Parameters;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * An opened model whose parameters are still in their file; closes it unless the weights need it.
 */
final class ModelReader implements AutoCloseable {
  private final Architecture architecture;
  private final TensorFile file;
  private final Function<ParameterSource, Parameters> layout;
  private final Predicate<String> meaningless;
  private boolean handedOver;

  /**
   * @param layout finds the parameters by the names of their family and format
   * @param meaningless names of stored tensors that are no parameters
   */
  private ModelReader(
      Architecture architecture,
      TensorFile file,
      Function<ParameterSource, Parameters> layout,
      Predicate<String> meaningless) {
    this.architecture = architecture;
    this.file = file;
    this.layout = layout;
    this.meaningless = meaningless;
  }

  /**
   * Opens the model and reads its shape.
   *
   * @param endTokens the tokenizer's end tokens, to which those of the configuration are added
   */
  static ModelReader of(ModelFiles files, Set<Integer> endTokens) throws IOException {
    return switch (files) {
      case ModelFiles.HuggingFace directory -> huggingFace(directory, endTokens);
      case ModelFiles.SingleGguf gguf -> gguf(gguf, endTokens);
    };
  }

  Architecture architecture() {
    return architecture;
  }

  /** Reads all parameters to {@code placement}. */
  Weights weights(Placement placement) {
    FileParameterSource source = new FileParameterSource(file, placement);
    Weights weights =
        new Weights(
            placement,
            () -> {
              Parameters parameters = layout.apply(source);
              source.requireAllRead(architecture.family(), meaningless);
              return parameters;
            });
    if (source.sharesMemory()) {
      weights.own(file);
      handedOver = true;
    }
    return weights;
  }

  @Override
  public void close() {
    if (!handedOver) {
      file.close();
    }
  }

  private static ModelReader huggingFace(ModelFiles.HuggingFace files, Set<Integer> endTokens)
      throws IOException {
    ModelConfig config = ModelConfig.read(files.config());
    Set<Integer> ends = new HashSet<>(endTokens);
    ends.addAll(config.integers("eos_token_id"));
    if (Files.exists(files.generationConfig())) {
      ends.addAll(ModelConfig.read(files.generationConfig()).integers("eos_token_id"));
    }
    Architecture a = HuggingFaceArchitecture.of(config, ends);
    Predicate<String> unusedHead =
        name -> a.tiedUnembedding() && name.equals("lm_head.weight"); // A copy of the embedding.
    return switch (a.family()) {
      case "llama" ->
          new ModelReader(
              a,
              Safetensors.openSharded(files.directory()),
              source -> {
                requireBias(config, "attention_bias", source, "layers.0.self_attn.q_proj.bias");
                requireBias(config, "mlp_bias", source, "layers.0.mlp.up_proj.bias");
                return ParameterNames.llama(source, a);
              },
              unusedHead.or(name -> name.endsWith(".rotary_emb.inv_freq")));
      default ->
          new ModelReader(
              a,
              Safetensors.openSharded(files.directory()),
              source -> ParameterNames.gpt2(source, a),
              // The causal mask, which old versions saved.
              unusedHead.or(name -> name.matches(".*\\.attn\\.(masked_)?bias")));
    };
  }

  /** A bias that is stored but not asked for, or the reverse, would make another model. */
  private static void requireBias(
      ModelConfig config, String key, ParameterSource source, String name) {
    boolean asked = config.flag(key, false);
    if (asked != (source.has(name) || source.has("model." + name))) {
      throw new MalformedModelException(
          config.file(),
          0,
          "expected %s to say whether there is a model.%s, but it is %s"
              .formatted(key, name, asked));
    }
  }

  private static ModelReader gguf(ModelFiles.SingleGguf files, Set<Integer> endTokens)
      throws IOException {
    Gguf file = Gguf.open(files.file());
    try {
      Architecture a = GgufArchitecture.of(file, endTokens);
      return new ModelReader(
          a,
          file,
          source -> ParameterNames.llamaGguf(source, a),
          name -> name.equals("rope_freqs.weight"));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }
}
