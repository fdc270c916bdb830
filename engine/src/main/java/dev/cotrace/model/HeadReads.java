package dev.cotrace.model;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Takes cotangents of all query heads' projections back to what the heads read, before the norm.
 *
 * <p>With x̂ the normed read before its gain, σ the root it was divided by and γ the gain, head h's
 * projection has the matrix {@code A = W_h diag(γ)} on x̂. A cotangent c of the head becomes {@code
 * (Aᵀc − x̂ · mean(x̂ · Aᵀc) − [centred] mean(Aᵀc)) / σ}. Both means are over D and are taken in
 * the head's own space, {@code mean(x̂ · Aᵀc) = c · (A x̂) / D}, so that the wide tensor {@code
 * [3H, rows, time, D]} is passed over as few times as can be. Runs in the caller's scope.
 */
final class HeadReads {
  private final Norm norm;
  private final Tensor unit; // x̂ [rows, time, D]
  private final Tensor inverseRoot; // 1/σ [rows, time, 1]
  private final int headDimension;

  HeadReads(Norm norm, Tensor read, int headDimension) {
    this.norm = norm;
    this.headDimension = headDimension;
    Tensor offset = norm.centred() ? read.sub(mean(read)) : read;
    inverseRoot = mean(offset.square()).add(new Scalar(norm.epsilon())).rsqrt();
    unit = offset.mul(inverseRoot);
  }

  /**
   * The cotangents of the reads, in target order.
   *
   * @param projections of queries, keys and values
   * @param heads cotangents of each one's heads, {@code [rows, time, H, dHead]}
   * @return {@code [3H, rows, time, D]}
   */
  Tensor pullBack(Linear[] projections, Tensor[] heads) {
    long count = heads[0].size(2);
    Tensor reads =
        unit.new_empty(projections.length * count, unit.size(0), unit.size(1), unit.size(2));
    for (int i = 0; i < projections.length; i++) {
      write(
          reads.narrow(0, i * count, count),
          projections[i],
          heads[i].mul(inverseRoot.unsqueeze(3)));
    }
    return reads;
  }

  /**
   * Writes one projection's part, {@code [H, rows, time, D]}, given cotangents already divided by
   * σ.
   */
  private void write(Tensor reads, Linear projection, Tensor heads) {
    Tensor gained = projection.weight().mul(norm.weight()); // [Hk or H · dHead, D]
    Tensor byHead = gained.reshape(-1, headDimension, gained.size(1));
    long shared = byHead.size(0);
    Tensor cotangent =
        heads
            .permute(2, 0, 1, 3)
            .reshape(shared, -1, headDimension); // heads of a group lie together
    torch.bmm_out(reads.view(shared, -1, gained.size(1)), cotangent, byHead);
    reads.addcmul_(
        perHead(heads.mul(projected(gained, heads.size(2) / shared))), unit, new Scalar(-1.0));
    if (norm.centred()) {
      Tensor means =
          byHead
              .mean(2)
              .repeat_interleave(heads.size(2) / shared, new LongOptional(0), new LongOptional());
      reads.sub_(perHead(heads.mul(means).mul(new Scalar(gained.size(1)))));
    }
  }

  /** A x̂ of every query head, {@code [rows, time, H, dHead]}. */
  private Tensor projected(Tensor gained, long group) {
    Tensor all = unit.matmul(gained.t()).reshape(unit.size(0), unit.size(1), -1, headDimension);
    return group == 1 ? all : all.repeat_interleave(group, new LongOptional(2), new LongOptional());
  }

  /** Sums over dHead, divided by D, {@code [H, rows, time, 1]}. */
  private Tensor perHead(Tensor products) {
    Tensor sums = products.sum(-1).div(new Scalar(unit.size(2)));
    return sums.permute(2, 0, 1).unsqueeze(3);
  }

  private static Tensor mean(Tensor x) {
    return x.mean(new long[] {-1}, true, null);
  }
}
