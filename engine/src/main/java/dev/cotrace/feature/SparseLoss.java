package dev.cotrace.feature;

import dev.cotrace.dictionary.Form;
import dev.cotrace.torch.Scope;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * What training lowers, and its gradient: with pre-activations {@code p = W (x − s) + c}, features
 * {@code a}, and the error {@code e = D a + b − y} of B positions,
 *
 * <p>{@code Σ ‖e‖² / (B dOut) + λ Σ a / (B √dOut) + (1/32) Σ ‖D a′ + e′‖² / (B dOut)},
 *
 * <p>where the y have a variance of 1 a dimension, rows of D a norm of 1, s is b for autoencoders
 * and 0 for transcoders, a′ are the largest pre-activations of dead features, and e′ is e taken as
 * a constant: dead features learn to write what the living ones miss (AuxK, Gao et al. 2024, arXiv
 * 2406.04093, A.2; as SAELens 6.54 has it in {@code calculate_topk_aux_loss}, without a ReLU, and
 * less where fewer than dOut / 2 features are dead).
 *
 * @param form top-k or ReLU
 * @param shifted whether s is b
 * @param sparsity λ
 */
record SparseLoss(Form form, boolean shifted, double sparsity) {
  /** How much the auxiliary loss counts. */
  static final double AUXILIARY = 1.0 / 32;

  /**
   * A step's gradient.
   *
   * @param parameters those of W {@code [dIn, F]}, c {@code [F]}, D {@code [F, dOut]} and b {@code
   *     [dOut]}
   * @param active which features were active, {@code [F]}
   */
  record Gradient(List<Tensor> parameters, Tensor active) {}

  /**
   * Features that have not been active for long.
   *
   * @param which true for each, {@code [F]}
   * @param count how many
   */
  record Dead(Tensor which, int count) {}

  /**
   * The gradient at a batch, in the caller's scope.
   *
   * @param x inputs {@code [B, dIn]}
   * @param y outputs {@code [B, dOut]}
   * @param dead null where none is
   */
  Gradient gradient(Parameters at, Tensor x, Tensor y, @Nullable Dead dead) {
    try (Scope scope = new Scope()) {
      Tensor rows = at.rows().get();
      Tensor bias = at.bias().get();
      double perNumber = 1.0 / y.numel();
      Tensor read = shifted ? x.sub(bias) : x;
      Tensor p = read.matmul(at.matrix().get()).add(at.encoderBias().get()); // [B, F]
      Tensor features = activated(p);
      Tensor open = features.gt(new Scalar(0.0));
      Tensor error = features.matmul(rows).add(bias).sub(y); // [B, dOut]
      Tensor pull = error.mul(new Scalar(2 * perNumber));
      Tensor ofRows = features.t().matmul(pull);
      Tensor ofFeatures = pull.matmul(rows.t());
      if (sparsity > 0) {
        double root = Math.sqrt((double) y.size(1));
        ofFeatures = ofFeatures.add(new Scalar(sparsity / (y.size(0) * root)));
      }
      Tensor ofP = ofFeatures.mul(open);
      if (dead != null && dead.count > 0) {
        Tensor helping = helping(p, dead, auxiliaries(dead, y)); // [B, F]
        Tensor missed = helping.matmul(rows).add(error);
        Tensor back = missed.mul(new Scalar(2 * perNumber * weight(dead, y)));
        ofRows = ofRows.add(helping.t().matmul(back));
        ofP = ofP.add(back.matmul(rows.t()).mul(helping.ne(new Scalar(0.0))));
      }
      Tensor ofEncoderBias = ofP.sum(new long[] {0}, false, null);
      Tensor ofBias = pull.sum(new long[] {0}, false, null);
      if (shifted) {
        ofBias = ofBias.sub(at.matrix().get().mv(ofEncoderBias));
      }
      return new Gradient(
          List.of(
              scope.keep(read.t().matmul(ofP)),
              scope.keep(ofEncoderBias),
              scope.keep(ofRows),
              scope.keep(ofBias)),
          scope.keep(open.any(0)));
    }
  }

  private Tensor activated(Tensor p) {
    return form.k() == 0 ? p.relu() : largest(p, form.k()).relu_();
  }

  /** The k largest of each row, zeros elsewhere. */
  private static Tensor largest(Tensor p, int k) {
    Tensor places = p.topk(k, -1, true, false).get1();
    return torch.zeros_like(p).scatter_(1, places, p.gather(1, places));
  }

  /** The largest pre-activations of dead features. */
  static Tensor helping(Tensor p, Dead dead, int k) {
    Tensor alive = dead.which.logical_not();
    return largest(p.masked_fill(alive, new Scalar(Double.NEGATIVE_INFINITY)), k);
  }

  /** How many dead features help at a position. */
  static int auxiliaries(Dead dead, Tensor y) {
    return (int) Math.min(dead.count, most(y));
  }

  /** How much they count. */
  static double weight(Dead dead, Tensor y) {
    return AUXILIARY * Math.min(1, dead.count / (double) most(y));
  }

  private static long most(Tensor y) {
    return Math.max(1, y.size(1) / 2);
  }
}
