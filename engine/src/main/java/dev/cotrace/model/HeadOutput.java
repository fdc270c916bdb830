package dev.cotrace.model;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The output projection of a layer's attention. All methods run in the caller's scope.
 *
 * <p>Its bias, where there is one, belongs to no head: it is a constant of the stream (METHOD §1).
 */
public final class HeadOutput {
  private final Linear projection;
  private final int heads;

  HeadOutput(Linear projection, int heads) {
    this.projection = projection;
    this.heads = heads;
  }

  /**
   * The sum of all heads' outputs and the bias, {@code [rows, time, D]}, from z {@code [rows, time,
   * H, dHead]}.
   */
  public Tensor sum(Tensor z) {
    return projection.apply(z.reshape(z.size(0), z.size(1), -1));
  }

  /**
   * Each head's own output without the bias, {@code [H, rows · time, D]}, from z {@code [rows,
   * time, H, dHead]}.
   */
  public Tensor perHead(Tensor z) {
    Tensor headFirst = z.permute(2, 0, 1, 3).reshape(heads, -1, z.size(3));
    return headFirst.bmm(perHeadWeight());
  }

  /**
   * The cotangent of z {@code [rows, time, H, dHead]} for one of the heads' sum {@code [rows, time,
   * D]}.
   */
  public Tensor pullBack(Tensor cotangent) {
    return cotangent
        .matmul(projection.weight())
        .reshape(cotangent.size(0), cotangent.size(1), heads, -1);
  }

  /** The bias {@code [D]}, or null. */
  public @Nullable Tensor bias() {
    return projection.bias();
  }

  /** {@code [H, dHead, D]}, a view. */
  private Tensor perHeadWeight() {
    Tensor weight = projection.weight(); // [D, H · dHead]
    return weight.reshape(weight.size(0), heads, -1).permute(1, 2, 0);
  }
}
