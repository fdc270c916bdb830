package dev.cotrace.model;

import dev.cotrace.model.Weights.MlpWeights;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * An MLP's output as a sum over its hidden units, {@code Σ_i h_i w_i} and a bias. All methods run
 * in the caller's scope.
 *
 * <p>Where a norm with gain γ follows, what enters the stream is {@code γ · s / rms(s)} with {@code
 * s = Σ_i h_i w_i}. Unit i's share is {@code γ · w_i h_i / rms(s)}: the shares add up to what
 * enters. {@link #hidden} divides h by rms(s); everything after it is linear in h.
 */
public final class MlpOutput {
  private final Decoder decoder;
  private final MlpWeights weights;

  MlpOutput(Decoder decoder, int layer) {
    this.decoder = decoder;
    weights = decoder.layer(layer).mlp();
  }

  /** h of what the MLP read {@code [n, D]}, over rms(s) where a norm follows: {@code [n, F]}. */
  public Tensor hidden(Tensor read) {
    Tensor hidden = decoder.mlpHidden(weights, read);
    @Nullable Norm after = weights.postNorm();
    return after == null ? hidden : hidden.mul(after.inverseRoot(weights.down().apply(hidden)));
  }

  /** {@code ⟨w_i, g⟩} of every unit, {@code [C, n, F]}, for cotangents g {@code [C, n, D]}. */
  public Tensor along(Tensor cotangents) {
    @Nullable Norm after = weights.postNorm();
    Tensor beforeGain = after == null ? cotangents : cotangents.mul(after.weight());
    return beforeGain.matmul(weights.down().weight());
  }
}
