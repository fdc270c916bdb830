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
    if (x.numel() == weight.size(1)) {
      return applyToOne(x);
    }
    return torch.linear(x, weight, bias == null ? new TensorOptional() : new TensorOptional(bias));
  }

  /**
   * One vector: OpenBLAS would pack the whole matrix for a product with one row, which takes three
   * times as long as reading it.
   */
  private Tensor applyToOne(Tensor x) {
    Tensor product = weight.mv(x.reshape(-1));
    long[] shape = x.sizes().vec().get();
    shape[shape.length - 1] = weight.size(0);
    return (bias == null ? product : product.add(bias)).view(shape);
  }
}
