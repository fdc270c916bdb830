package dev.cotrace.model;

import dev.cotrace.model.Norm.Standardised;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What each target among the heads of a layer reads: takes cotangents of every query head's q, k
 * and v back through its projection and the norm.
 *
 * <p>With x̂ the read before the norm's gain γ, σ the root it was divided by, head h's projection
 * has the matrix {@code A = W_h diag(γ)} on x̂. A cotangent c of the head becomes {@code (Aᵀc − x̂
 * · mean(x̂ · Aᵀc) − [centred] mean(Aᵀc)) / σ}. Both means are over D and are taken in the head's
 * own space, {@code mean(x̂ · Aᵀc) = c · (A x̂) / D}, so that the wide tensor {@code [3H, C, N, D]}
 * is passed over as few times as can be. Runs in the caller's scope.
 */
public final class HeadReads {
  private final Norm norm;
  private final int heads;
  private final int headDimension;
  private final Tensor[] gained; // A of q, k and v, [H or Hk, dHead, D]

  /** The reads of the heads of {@code layer}; its tensors belong to the caller's scope. */
  public HeadReads(Decoder decoder, int layer) {
    Weights.AttentionWeights w = decoder.layer(layer).attention();
    norm = w.norm();
    heads = decoder.architecture().heads();
    headDimension = decoder.architecture().headDimension();
    gained = new Tensor[] {gained(w.query()), gained(w.key()), gained(w.value())};
  }

  private Tensor gained(Linear projection) {
    Tensor all = projection.weight().mul(norm.weight());
    return all.view(-1, headDimension, all.size(1));
  }

  /**
   * Writes the cotangents of what each target reads.
   *
   * @param read what all heads read, {@code [N, D]}
   * @param cotangents of their projections, {@code [3H, C, N, dHead]} in target order
   * @param reads receives {@code [3H, C, N, D]}; contiguous
   */
  public void pullBack(Tensor read, Tensor cotangents, Tensor reads) {
    Standardised x = norm.standardised(read);
    Tensor scaled = cotangents.mul(x.inverseRoot()); // contiguous
    for (int slot = 0; slot < gained.length; slot++) {
      write(
          reads.narrow(0, (long) slot * heads, heads),
          gained[slot],
          scaled.narrow(0, (long) slot * heads, heads),
          x.unit());
    }
  }

  /** One projection's part, {@code [H, C, N, D]}, given cotangents already divided by σ. */
  private void write(Tensor reads, Tensor byHead, Tensor cotangents, Tensor unit) {
    long shared = byHead.size(0);
    long width = byHead.size(2);
    // The query heads of a group lie together.
    Tensor grouped = cotangents.view(shared, -1, headDimension);
    torch.bmm_out(reads.view(shared, -1, width), grouped, byHead);
    Tensor projected = unit.matmul(byHead.view(-1, width).t()); // A x̂
    reads.addcmul_(
        overWidth(cotangents.mul(perQueryHead(projected, shared)), width), unit, new Scalar(-1.0));
    if (norm.centred()) {
      Tensor means = perQueryHead(byHead.mean(2).reshape(1, -1), shared).mul(new Scalar(width));
      reads.sub_(overWidth(cotangents.mul(means), width));
    }
  }

  /** {@code [n, Hk or H · dHead]} of every query head, {@code [H, 1, n, dHead]}. */
  private Tensor perQueryHead(Tensor x, long shared) {
    Tensor byHead = x.reshape(x.size(0), shared, headDimension).transpose(0, 1);
    Tensor each =
        shared == heads
            ? byHead
            : byHead.repeat_interleave(heads / shared, new LongOptional(0), new LongOptional());
    return each.unsqueeze(1);
  }

  /** Sums over dHead, divided by D, {@code [H, C, N, 1]}. */
  private static Tensor overWidth(Tensor products, long width) {
    return products.sum(new long[] {-1}, true, null).div_(new Scalar(width));
  }
}
