package dev.cotrace.feature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.dictionary.Form;
import dev.cotrace.feature.SparseLoss.Dead;
import dev.cotrace.feature.SparseLoss.Gradient;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SparseLossTest {
  private static final Placement DOUBLE = Placement.cpu(Precision.FLOAT64);
  private static final int BATCH = 7;
  private static final int WIDTH = 6;
  private static final int FEATURES = 11;

  @ParameterizedTest
  @CsvSource({"3, 0, false", "3, 0, true", "0, 0.7, false", "0, 0.7, true", "11, 0, true"})
  void theGradientIsThatOfAutograd(int k, double sparsity, boolean someAreDead) {
    Form form = k > 0 ? TrainingSettings.topK(k) : TrainingSettings.transcoder();
    SparseLoss loss = new SparseLoss(form, k > 0, sparsity);
    Random random = new Random(k + (someAreDead ? 100 : 0));
    try (Scope _ = new Scope();
        Parameters at =
            Parameters.of(
                normal(random, WIDTH, FEATURES),
                normal(random, FEATURES),
                normal(random, FEATURES, WIDTH),
                normal(random, WIDTH))) {
      at.normalise();
      Tensor x = normal(random, BATCH, WIDTH);
      Tensor y = k > 0 ? x : normal(random, BATCH, WIDTH);
      @Nullable Dead dead = someAreDead ? dead(2, 5, 6, 9) : null;
      Gradient gradient = loss.gradient(at, x, y, dead);

      Tensor[] leaves =
          at.all().stream()
              .map(each -> each.get().clone().set_requires_grad(true))
              .toArray(Tensor[]::new);
      Tensor value = naive(loss, leaves, x, y, dead);
      Tensor[] expected =
          Torch.pullBack(value, DOUBLE.tensor(new double[] {1}, 1).squeeze(0), false, leaves);
      for (int i = 0; i < leaves.length; i++) {
        assertThat(Placement.toDoubles(gradient.parameters().get(i)))
            .as("parameter %d", i)
            .containsExactly(Placement.toDoubles(expected[i]), Offset.offset(1e-12));
      }
    }
  }

  @Test
  void aFeatureIsActiveWhereItIsAboveZeroSomewhere() {
    try (Scope _ = new Scope();
        Parameters at =
            Parameters.of(
                DOUBLE.tensor(new double[] {1, -1, 0}, 1, 3),
                DOUBLE.zeros(3),
                DOUBLE.tensor(new double[] {1, 1, 1}, 3, 1),
                DOUBLE.zeros(1))) {
      Tensor x = DOUBLE.tensor(new double[] {2, 3}, 2, 1);
      Tensor active =
          new SparseLoss(TrainingSettings.topK(2), true, 0).gradient(at, x, x, null).active();
      assertThat(Placement.toDoubles(active)).containsExactly(1, 0, 0);
    }
  }

  /** As the formula says it, one position at a time. */
  private static Tensor naive(
      SparseLoss loss, Tensor[] at, Tensor x, Tensor y, @Nullable Dead dead) {
    Tensor sum = DOUBLE.zeros();
    for (int row = 0; row < BATCH; row++) {
      Tensor input = x.select(0, row);
      Tensor p = at[0].t().mv(loss.shifted() ? input.sub(at[3]) : input).add(at[1]);
      Tensor a = p.relu();
      if (loss.form().k() > 0) {
        Tensor least = p.topk(loss.form().k(), -1, true, true).get0().select(0, -1L);
        a = a.mul(p.ge(least.detach()));
      }
      Tensor error = at[2].t().mv(a).add(at[3]).sub(y.select(0, row));
      sum = sum.add(error.square().sum().div(new Scalar((double) BATCH * WIDTH)));
      double weight = loss.sparsity() / (BATCH * Math.sqrt(WIDTH));
      sum = sum.add(a.sum().mul(new Scalar(weight)));
      if (dead != null) {
        // Four of them are dead, and half the width helps.
        Tensor asleep = p.masked_fill(dead.which().logical_not(), new Scalar(-1e300));
        Tensor least = asleep.topk(WIDTH / 2, -1, true, true).get0().select(0, -1L);
        Tensor helping = p.mul(asleep.ge(least.detach()));
        Tensor missed = at[2].t().mv(helping).add(error.detach());
        double share = 1.0 / 32 / (BATCH * WIDTH);
        sum = sum.add(missed.square().sum().mul(new Scalar(share)));
      }
    }
    return sum;
  }

  private static Dead dead(int... features) {
    double[] which = new double[FEATURES];
    for (int feature : features) {
      which[feature] = 1;
    }
    return new Dead(DOUBLE.tensor(which, FEATURES).gt(new Scalar(0.0)), features.length);
  }

  private static Tensor normal(Random random, long... shape) {
    int count = 1;
    for (long size : shape) {
      count *= (int) size;
    }
    return DOUBLE.tensor(random.doubles(count, -1, 1).toArray(), shape);
  }

  @Test
  void adamTakesTheStepsOfItsPaper() {
    try (Scope _ = new Scope();
        Holder parameter = new Holder(DOUBLE.tensor(new double[] {1, -2}, 2));
        Adam adam = new Adam(List.of(parameter))) {
      double[] value = {1, -2};
      double[] mean = new double[2];
      double[] square = new double[2];
      for (int step = 1; step <= 5; step++) {
        double[] gradient = {0.3 * step, -1 + 0.1 * step * step};
        adam.step(0.01, List.of(DOUBLE.tensor(gradient, 2)));
        for (int i = 0; i < 2; i++) {
          mean[i] = 0.9 * mean[i] + 0.1 * gradient[i];
          square[i] = 0.999 * square[i] + 0.001 * gradient[i] * gradient[i];
          double root = Math.sqrt(square[i] / (1 - Math.pow(0.999, step)));
          value[i] -= 0.01 * (mean[i] / (1 - Math.pow(0.9, step))) / (root + 1e-8);
        }
      }
      assertThat(Placement.toDoubles(parameter.get())).containsExactly(value, Offset.offset(1e-14));
    }
  }
}
