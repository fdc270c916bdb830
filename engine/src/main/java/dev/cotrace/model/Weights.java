package dev.cotrace.model;

import dev.cotrace.format.TensorFile;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.PackedMatrix;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * All parameters of a model, in one layout for every family; owns their memory.
 *
 * <p>Linear maps are {@code [out, in]}. Query rows are ordered by (head, dHead), key and value rows
 * by (key/value head, dHead); query head h uses key/value head {@code h / (H/Hk)}.
 */
public final class Weights implements AutoCloseable {
  /** Parameters of one layer. */
  record Layer(AttentionWeights attention, MlpWeights mlp) {
    private Layer packed(Placement placement) {
      return new Layer(attention.packed(placement), mlp.packed(placement));
    }
  }

  /** Parameters of one layer's attention. */
  record AttentionWeights(
      Norm norm,
      Linear query, // [H · dHead, D]
      Linear key, // [Hk · dHead, D]
      Linear value, // [Hk · dHead, D]
      @Nullable Norm queryNorm, // over dHead
      @Nullable Norm keyNorm, // over dHead
      Linear output, // [D, H · dHead]
      @Nullable Norm postNorm) {
    private AttentionWeights packed(Placement placement) {
      return new AttentionWeights(
          norm,
          query.packed(placement),
          key.packed(placement),
          value.packed(placement),
          queryNorm,
          keyNorm,
          output.packed(placement),
          postNorm);
    }
  }

  /** Parameters of one layer's MLP. */
  record MlpWeights(
      Norm norm,
      @Nullable Linear gate, // [F, D]
      Linear up, // [F, D]
      Linear down, // [D, F]
      @Nullable Norm postNorm) {
    private MlpWeights packed(Placement placement) {
      return new MlpWeights(
          norm,
          gate == null ? null : gate.packed(placement),
          up.packed(placement),
          down.packed(placement),
          postNorm);
    }
  }

  /**
   * All parameters: {@code tokenEmbedding [V, D]}, {@code positionEmbedding [positions, D]}, {@code
   * unembedding [V, D]}.
   */
  record Parameters(
      Tensor tokenEmbedding,
      @Nullable Tensor positionEmbedding,
      List<Layer> layers,
      Norm finalNorm,
      Linear unembedding) {
    /**
     * With every matrix packed too, where that is possible: from then on changes of the parameters
     * are not seen.
     */
    Parameters packed(Placement placement) {
      return new Parameters(
          tokenEmbedding,
          positionEmbedding,
          layers.stream().map(layer -> layer.packed(placement)).toList(),
          finalNorm,
          unembedding.packed(placement));
    }
  }

  private final Placement placement;
  private final Parameters parameters;
  private final List<Holder> memory = new ArrayList<>();
  private final List<Holder> copies = new ArrayList<>();
  private @Nullable TensorFile mapped;

  /** Takes over what {@code source} makes; on failure nothing stays allocated. */
  Weights(Placement placement, Supplier<Parameters> source) {
    this.placement = placement;
    try (Scope _ = new Scope()) {
      parameters = source.get();
      hold(parameters.tokenEmbedding);
      hold(parameters.positionEmbedding);
      hold(parameters.finalNorm);
      hold(parameters.unembedding);
      parameters.layers.forEach(this::hold);
    }
  }

  /** Closes {@code file} after the parameters, because they lie in it. */
  void own(TensorFile file) {
    mapped = file;
  }

  /**
   * Parameters named and stored as Hugging Face does for the family. They are held, not copied:
   * gradients reach them and training them in place changes the model.
   *
   * @param parameters at {@code placement}, in the shapes that {@code architecture} asks for
   * @throws IllegalArgumentException when one is missing or has another shape
   */
  public static Weights huggingFace(
      Architecture architecture, Placement placement, Map<String, Tensor> parameters) {
    return new Weights(
        placement,
        () ->
            new ParameterReader(
                    new NamedTensors(parameters),
                    architecture,
                    ParameterLayout.huggingFace(architecture.family()))
                .read());
  }

  /**
   * Parameters drawn at random, for measuring what depends on shapes alone.
   *
   * @param seed of the draws
   */
  public static Weights random(Architecture architecture, Placement placement, long seed) {
    ParameterLayout layout = ParameterLayout.huggingFace(architecture.family());
    ParameterSource source = new RandomParameters(placement, layout, seed);
    return new Weights(
        placement,
        () -> new ParameterReader(source, architecture, layout).read().packed(placement));
  }

  /** The precision and device of every parameter. */
  public Placement placement() {
    return placement;
  }

  /** Number of parameters; tied ones count once. */
  public long count() {
    return memory.stream().map(Holder::get).distinct().mapToLong(Tensor::numel).sum();
  }

  Parameters parameters() {
    return parameters;
  }

  private void hold(Layer layer) {
    AttentionWeights attention = layer.attention;
    hold(attention.norm);
    hold(attention.query);
    hold(attention.key);
    hold(attention.value);
    hold(attention.queryNorm);
    hold(attention.keyNorm);
    hold(attention.output);
    hold(attention.postNorm);
    hold(layer.mlp.norm);
    hold(layer.mlp.gate);
    hold(layer.mlp.up);
    hold(layer.mlp.down);
    hold(layer.mlp.postNorm);
  }

  private void hold(@Nullable Norm norm) {
    if (norm != null) {
      hold(norm.weight());
      hold(norm.bias());
    }
  }

  private void hold(@Nullable Linear linear) {
    if (linear != null) {
      hold(linear.weight());
      hold(linear.bias());
      PackedMatrix packed = linear.packed();
      if (packed != null) {
        copies.add(new Holder(packed.memory()));
      }
    }
  }

  private void hold(@Nullable Tensor tensor) {
    if (tensor != null) {
      memory.add(new Holder(tensor));
    }
  }

  @Override
  public void close() {
    memory.forEach(Holder::close);
    copies.forEach(Holder::close);
    if (mapped != null) {
      mapped.close();
      mapped = null;
    }
  }
}
