package dev.cotrace.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The affine map {@code y = W x + b}.
 *
 * @param weight W {@code [out, in]}
 * @param bias b {@code [out]}, if any
 */
record Linear(Tensor weight, @Nullable Tensor bias) {
  /** Applies the map to the last dimension of {@code x}; runs in the caller's scope. */
  Tensor apply(Tensor x) {
    return torch.linear(x, weight, bias == null ? new TensorOptional() : new TensorOptional(bias));
  }
}
