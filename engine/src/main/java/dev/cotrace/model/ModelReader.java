package dev.cotrace.model;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.TensorFile;
import dev.cotrace.model.Weights.Parameters;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * An opened model whose parameters are still in their file; closes it unless the weights need it.
 */
final class ModelReader implements AutoCloseable {
  private final Architecture architecture;
  private final TensorFile file;
  private final ParameterLayout layout;
  private boolean handedOver;

  private ModelReader(Architecture architecture, TensorFile file, ParameterLayout layout) {
    this.architecture = architecture;
    this.file = file;
    this.layout = layout;
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

  /** The tensors of the file, parameters or not. */
  Collection<StoredTensor> tensors() {
    return file.tensors().values();
  }

  /** Reads all parameters to {@code placement}. */
  Weights weights(Placement placement) {
    FileParameterSource source = new FileParameterSource(file, placement);
    Weights weights =
        new Weights(
            placement,
            () -> {
              Parameters parameters = new ParameterReader(source, architecture, layout).read();
              source.requireAllRead(architecture.family(), layout.ignored().asMatchPredicate());
              return parameters.packed(placement);
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
    return new ModelReader(
        a, Safetensors.openSharded(files.directory()), ParameterLayout.huggingFace(a.family()));
  }

  private static ModelReader gguf(ModelFiles.SingleGguf files, Set<Integer> endTokens)
      throws IOException {
    Gguf file = Gguf.open(files.file());
    try {
      Architecture a = GgufArchitecture.of(file, endTokens);
      boolean fused = file.tensors().containsKey("blk.0.attn_qkv.weight");
      return new ModelReader(a, file, ParameterLayout.gguf(a.family(), fused));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }
}
