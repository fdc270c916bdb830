package dev.cotrace.gate;

import dev.cotrace.model.MlpOutput;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What the pieces of one part write at some places, live less corrupted: {@code o_p − o'_p}. All
 * methods run in the caller's scope.
 */
sealed interface Amounts {
  /** {@code ⟨o_p − o'_p, g⟩} of every piece, {@code [C, n, pieces]}, for g {@code [C, n, D]}. */
  Tensor along(Tensor cotangents);

  /**
   * {@code Σ_p e_p · (o_p − o'_p)}, {@code [n, D]}: with e = z − 1 what gates z add to o.
   *
   * @param factors e, {@code [pieces]}
   */
  Tensor sum(Tensor factors);

  /** {@code ‖o_p − o'_p‖} of every piece, {@code [n, pieces]}. */
  Tensor norms();

  /** {@code o − o'} of the whole part, {@code [n, D]}. */
  Tensor whole();

  /** {@code o_p − o'_p} of one piece, {@code [n, D]}. */
  Tensor piece(long number);

  private static Tensor norm(Tensor x) {
    return x.square().sum(new long[] {1}, true, null).sqrt();
  }

  /** One piece. {@code difference} is {@code [n, D]}. */
  record Whole(Tensor difference) implements Amounts {
    @Override
    public Tensor along(Tensor cotangents) {
      return cotangents.mul(difference).sum(new long[] {2}, true, null);
    }

    @Override
    public Tensor sum(Tensor factors) {
      return difference.mul(factors);
    }

    @Override
    public Tensor norms() {
      return norm(difference);
    }

    @Override
    public Tensor whole() {
      return difference;
    }

    @Override
    public Tensor piece(long number) {
      return difference;
    }
  }

  /** Every coordinate a piece. {@code difference} is {@code [n, D]}. */
  record Coordinates(Tensor difference) implements Amounts {
    @Override
    public Tensor along(Tensor cotangents) {
      return cotangents.mul(difference);
    }

    @Override
    public Tensor sum(Tensor factors) {
      return difference.mul(factors);
    }

    @Override
    public Tensor norms() {
      return difference.abs();
    }

    @Override
    public Tensor whole() {
      return difference;
    }

    @Override
    public Tensor piece(long number) {
      Tensor piece = difference.new_zeros(difference.sizes());
      piece.select(1, number).copy_(difference.select(1, number));
      return piece;
    }
  }

  /** Hidden units of an MLP. {@code difference} is of h, {@code [n, F]}. */
  record Neurons(Tensor difference, MlpOutput output) implements Amounts {
    @Override
    public Tensor along(Tensor cotangents) {
      return output.along(cotangents).mul_(difference);
    }

    @Override
    public Tensor sum(Tensor factors) {
      return output.written(difference.mul(factors));
    }

    @Override
    public Tensor norms() {
      return difference.abs().mul(output.norms());
    }

    @Override
    public Tensor whole() {
      return output.written(difference);
    }

    @Override
    public Tensor piece(long number) {
      return output.written(difference.narrow(1, number, 1), number);
    }
  }

  /**
   * Features, then what they leave over of the part.
   *
   * @param difference of the whole part, {@code [n, D]}
   * @param features of the features' amounts, {@code [n, F]}
   */
  record Features(Tensor difference, Tensor features, FeatureSite site) implements Amounts {
    @Override
    public Tensor along(Tensor cotangents) {
      Tensor each = site.along(cotangents).mul_(features);
      Tensor whole = cotangents.mul(difference).sum(new long[] {2}, true, null);
      Tensor error = whole.sub_(each.sum(new long[] {2}, true, null));
      return torch.cat(new TensorVector(each, error), 2);
    }

    @Override
    public Tensor sum(Tensor factors) {
      long count = features.size(1);
      // Σ e_i a_i d_i + e_error (Δ − Σ a_i d_i)
      Tensor error = factors.narrow(0, count, 1);
      Tensor own = factors.narrow(0, 0, count).sub(error);
      return site.written(features.mul(own)).add_(difference.mul(error));
    }

    @Override
    public Tensor norms() {
      Tensor error = norm(difference.sub(site.written(features)));
      return torch.cat(new TensorVector(features.abs().mul(site.norms()), error), 1);
    }

    @Override
    public Tensor whole() {
      return difference;
    }

    @Override
    public Tensor piece(long number) {
      return number == features.size(1)
          ? difference.sub(site.written(features))
          : site.written(features.narrow(1, number, 1), number);
    }
  }
}
