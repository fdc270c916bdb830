package dev.cotrace.model;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * LayerNorm (centred) or RMSNorm: {@code y = x̂ · weight + bias}, {@code x̂ = x / √(mean(x²) + ε)},
 * where LayerNorm first subtracts the mean of x.
 *
 * @param centred whether the mean is subtracted
 * @param epsilon ε
 * @param weight gain {@code [D]}, or {@code [dHead]} for a norm of heads
 * @param bias shift of the same shape, if any
 */
record Norm(boolean centred, double epsilon, Tensor weight, @Nullable Tensor bias) {
  /** Normalises the last dimension of {@code x}; runs in the caller's scope. */
  Tensor apply(Tensor x) {
    long[] width = {weight.size(0)};
    if (centred) {
      TensorOptional shift = bias == null ? new TensorOptional() : new TensorOptional(bias);
      return torch.layer_norm(x, width, new TensorOptional(weight), shift, epsilon, false);
    }
    Tensor y = torch.rms_norm(x, width, new TensorOptional(weight), new DoubleOptional(epsilon));
    return bias == null ? y : y.add(bias);
  }

  /**
   * An input as the norm sees it.
   *
   * @param unit x̂, like the input
   * @param inverseRoot {@code 1/√(mean(x²) + ε)}, of size 1 in the last dimension
   */
  record Standardised(Tensor unit, Tensor inverseRoot) {}

  /** Standardises the last dimension of {@code x}; runs in the caller's scope. */
  Standardised standardised(Tensor x) {
    Tensor offset = centred ? x.sub(mean(x)) : x;
    Tensor inverseRoot = inverseRoot(offset);
    return new Standardised(offset.mul(inverseRoot), inverseRoot);
  }

  /**
   * The cotangents of an input for those of its output: {@code (γc − x̂ · mean(x̂ · γc) − [centred]
   * mean(γc)) / σ}; runs in the caller's scope.
   *
   * @param x the input {@code [N, D]}
   * @param outputs cotangents {@code [C, N, D]}
   */
  Tensor pullBack(Standardised x, Tensor outputs) {
    return pullBackUnit(x, outputs.mul(weight));
  }

  /**
   * As {@link #pullBack} for cotangents {@code γc} of x̂, which the gain follows; overwrites them.
   */
  Tensor pullBackUnit(Standardised x, Tensor gained) {
    Tensor radial = mean(gained.mul(x.unit));
    Tensor tangential = centred ? gained.sub_(mean(gained)) : gained;
    return tangential.addcmul_(x.unit, radial, new Scalar(-1.0)).mul_(x.inverseRoot);
  }

  private static Tensor mean(Tensor x) {
    return x.mean(new long[] {-1}, true, null);
  }

  /** RMSNorm's {@code 1/√(mean(x²) + ε)} over the last dimension, which stays with size 1. */
  Tensor inverseRoot(Tensor x) {
    return mean(x.square()).add(new Scalar(epsilon)).rsqrt();
  }
}
