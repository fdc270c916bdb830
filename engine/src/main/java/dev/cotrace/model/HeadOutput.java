package dev.cotrace.model;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The output projection of a layer's attention. All methods run in the caller's scope.
 *
 * <p>Its bias, where there is one, belongs to no head: it is a constant of the stream (METHOD §1).
 *
 * <p>Where a norm with gain γ follows, what enters the stream is {@code γ · s / rms(s)} with {@code
 * s = Σ_h W_h z_h}. Head h's share is {@code γ · W_h z_h / rms(s)}: the shares add up to what
 * enters. {@link #normed} divides z by rms(s); everything after it is linear in z.
 */
public final class HeadOutput {
  private final Linear projection;
  private final int heads;
  private final @Nullable Norm postNorm;

  HeadOutput(Linear projection, int heads, @Nullable Norm postNorm) {
    this.projection = projection;
    this.heads = heads;
    this.postNorm = postNorm;
  }

  /** {@code z [rows, time, H, dHead]} divided by rms(s) where a norm follows, else z itself. */
  Tensor normed(Tensor z) {
    @Nullable Tensor inverseRoot = inverseRoot(flat(z)); // [rows, time, 1]
    return inverseRoot == null ? z : z.mul(inverseRoot.unsqueeze(3));
  }

  /**
   * {@code 1 / rms(s)} of z {@code [..., H · dHead]} where a norm follows, {@code [..., 1]}; else
   * null.
   */
  public @Nullable Tensor inverseRoot(Tensor z) {
    return postNorm == null ? null : postNorm.inverseRoot(projection.apply(z));
  }

  /**
   * The sum of all heads' outputs and the bias, {@code [rows, time, D]}, from z {@code [rows, time,
   * H, dHead]}.
   */
  public Tensor sum(Tensor z) {
    Tensor sum = projection.apply(flat(z));
    return postNorm == null ? sum : sum.mul(postNorm.weight());
  }

  /** What z {@code [n, H · dHead]} adds to the stream without the bias, {@code [n, D]}. */
  public Tensor project(Tensor z) {
    Tensor sum = z.matmul(projection.weight().t());
    return postNorm == null ? sum : sum.mul(postNorm.weight());
  }

  /** Whether a norm follows, by whose root z is divided. */
  public boolean isNormed() {
    return postNorm != null;
  }

  /**
   * Each head's own output without the bias, {@code [H, rows · time, D]}, from z {@code [rows,
   * time, H, dHead]}.
   */
  public Tensor perHead(Tensor z) {
    Tensor outputs = z.new_empty(heads, z.size(0) * z.size(1), projection.weight().size(0));
    writePerHead(z, outputs);
    return outputs;
  }

  /** Writes {@link #perHead} to {@code outputs}, which is contiguous. */
  public void writePerHead(Tensor z, Tensor outputs) {
    Tensor headFirst = z.permute(2, 0, 1, 3).reshape(heads, -1, z.size(3));
    torch.bmm_out(outputs, headFirst, perHeadWeight());
    if (postNorm != null) {
      outputs.mul_(postNorm.weight());
    }
  }

  /**
   * The cotangent of z {@code [rows, time, H, dHead]} for one of the heads' sum {@code [rows, time,
   * D]}.
   */
  public Tensor pullBack(Tensor cotangent) {
    Tensor beforeGain = postNorm == null ? cotangent : cotangent.mul(postNorm.weight());
    return beforeGain
        .matmul(projection.weight())
        .reshape(cotangent.size(0), cotangent.size(1), heads, -1);
  }

  /**
   * The cotangent of z {@code [1, N, H, dHead]} for one of every head's own output, {@code [H, N,
   * D]}.
   */
  Tensor pullBackEach(Tensor cotangents) {
    Tensor beforeGain = postNorm == null ? cotangents : cotangents.mul(postNorm.weight());
    return beforeGain.bmm(perHeadWeight().transpose(1, 2)).transpose(0, 1).unsqueeze(0);
  }

  /** The bias {@code [D]}, or null. */
  public @Nullable Tensor bias() {
    return projection.bias();
  }

  private static Tensor flat(Tensor z) {
    return z.reshape(z.size(0), z.size(1), -1);
  }

  /** {@code [H, dHead, D]}, a view. */
  private Tensor perHeadWeight() {
    Tensor weight = projection.weight(); // [D, H · dHead]
    return weight.reshape(weight.size(0), heads, -1).permute(1, 2, 0);
  }
}
