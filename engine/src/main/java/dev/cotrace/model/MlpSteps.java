package dev.cotrace.model;

import dev.cotrace.model.Weights.MlpWeights;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The MLP of a layer in the steps between which activations may be looked at, or replaced: {@code
 * finished(computed(gained(normalised(read))))} is what the forward pass adds to the stream. All
 * tensors are {@code [..., D]}, and all methods run in the caller's scope.
 */
public final class MlpSteps {
  private final Decoder decoder;
  private final MlpWeights weights;

  /** Of {@code layer}. */
  public MlpSteps(Decoder decoder, int layer) {
    this.decoder = decoder;
    weights = decoder.layer(layer).mlp();
  }

  /** What the MLP reads off the stream, normalised, before the norm's gain and bias. */
  public Tensor normalised(Tensor read) {
    return weights.norm().standardised(read).unit();
  }

  /** {@link #normalised} with gain and bias: the input of the MLP. */
  public Tensor gained(Tensor normalised) {
    Tensor gained = normalised.mul(weights.norm().weight());
    @Nullable Tensor bias = weights.norm().bias();
    return bias == null ? gained : gained.add(bias);
  }

  /**
   * The cotangents of what the MLP reads, for those of {@link #gained} of it or, if not {@code
   * gained}, of {@link #normalised}.
   *
   * @param read {@code [N, D]}
   * @param cotangents {@code [C, N, D]}
   */
  public Tensor pullBack(Tensor read, Tensor cotangents, boolean gained) {
    Norm norm = weights.norm();
    Norm.Standardised x = norm.standardised(read);
    return gained ? norm.pullBack(x, cotangents) : norm.pullBackUnit(x, cotangents.clone());
  }

  /** What the MLP computes of its input. */
  public Tensor computed(Tensor input) {
    return weights.down().apply(decoder.mlpHiddenOf(weights, input));
  }

  /** {@link #computed}, normed where a norm follows: what is added to the stream. */
  public Tensor finished(Tensor computed) {
    @Nullable Norm after = weights.postNorm();
    return after == null ? computed : after.apply(computed);
  }
}
