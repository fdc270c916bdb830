package dev.cotrace.model;

import dev.cotrace.format.TensorFile;
import dev.cotrace.torch.Holder;
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
  record Layer(
      Norm attentionNorm,
      Linear query, // [H · dHead, D]
      Linear key, // [Hk · dHead, D]
      Linear value, // [Hk · dHead, D]
      Linear output, // [D, H · dHead]
      Norm mlpNorm,
      @Nullable Linear gate, // [F, D]
      Linear up, // [F, D]
      Linear down) {} // [D, F]

  /**
   * All parameters: {@code tokenEmbedding [V, D]}, {@code positionEmbedding [positions, D]}, {@code
   * unembedding [V, D]}.
   */
  record Parameters(
      Tensor tokenEmbedding,
      @Nullable Tensor positionEmbedding,
      List<Layer> layers,
      Norm finalNorm,
      Linear unembedding) {}

  private final Placement placement;
  private final Parameters parameters;
  private final List<Holder> memory = new ArrayList<>();
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
   * Parameters named as Hugging Face's llama names them. They are held, not copied: gradients reach
   * them and training them in place changes the model.
   *
   * @param parameters at {@code placement}, in the shapes that {@code architecture} asks for
   * @throws IllegalArgumentException when one is missing or has another shape
   */
  public static Weights llama(
      Architecture architecture, Placement placement, Map<String, Tensor> parameters) {
    return new Weights(
        placement, () -> ParameterNames.llama(new NamedTensors(parameters), architecture));
  }

  /** The precision and device of every parameter. */
  public Placement placement() {
    return placement;
  }

  /** Number of parameters; tied ones count once. */
  long count() {
    return memory.stream().map(Holder::get).distinct().mapToLong(Tensor::numel).sum();
  }

  Parameters parameters() {
    return parameters;
  }

  private void hold(Layer layer) {
    hold(layer.attentionNorm);
    hold(layer.query);
    hold(layer.key);
    hold(layer.value);
    hold(layer.output);
    hold(layer.mlpNorm);
    if (layer.gate != null) {
      hold(layer.gate);
    }
    hold(layer.up);
    hold(layer.down);
  }

  private void hold(Norm norm) {
    hold(norm.weight());
    hold(norm.bias());
  }

  private void hold(Linear linear) {
    hold(linear.weight());
    hold(linear.bias());
  }

  private void hold(@Nullable Tensor tensor) {
    if (tensor != null) {
      memory.add(new Holder(tensor));
    }
  }

  @Override
  public void close() {
    memory.forEach(Holder::close);
    if (mapped != null) {
      mapped.close();
      mapped = null;
    }
  }
}
