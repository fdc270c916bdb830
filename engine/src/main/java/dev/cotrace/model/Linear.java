package dev.cotrace.model;

import dev.cotrace.torch.PackedMatrix;
import dev.cotrace.torch.Placement;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The affine map {@code y = W x + b}.
 *
 * @param weight W {@code [out, in]}
 * @param bias b {@code [out]}, if any
 * @param packed W once more, for products without a gradient
 */
record Linear(Tensor weight, @Nullable Tensor bias, @Nullable PackedMatrix packed) {
  Linear(Tensor weight, @Nullable Tensor bias) {
    this(weight, bias, null);
  }

  /** The same map with its matrix packed, where that is possible. */
  Linear packed(Placement placement) {
    return new Linear(weight, bias, PackedMatrix.of(weight, placement));
  }

  /** Applies the map to the last dimension of {@code x}; runs in the caller's scope. */
  Tensor apply(Tensor x) {
    if (x.numel() == weight.size(1)) {
      return applyToOne(x);
    }
    if (packed != null && !x.requires_grad()) {
      return packed.times(x, bias);
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
