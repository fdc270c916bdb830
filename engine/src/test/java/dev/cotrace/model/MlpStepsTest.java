package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MlpStepsTest {
  private static final int WIDTH = 8;

  /** Cotangents of what an MLP reads against central differences, where a gain is 0 too. */
  @ParameterizedTest
  @CsvSource({
    "llama, true",
    "llama, false",
    "gpt2, true",
    "gpt2, false",
    "gemma, true",
    "gemma, false"
  })
  void whatReachesTheNormIsPulledBack(String family, boolean gained) {
    Placement exact = Placement.cpu(Precision.FLOAT64);
    double step = 1e-5;
    try (TinyModel model = TinyModel.of(family, 3, 1, 4);
        Scope _ = new Scope()) {
      Tensor gain = model.decoder().layer(0).mlp().norm().weight();
      gain.narrow(0, 2, 1).zero_();
      MlpSteps steps = new MlpSteps(model.decoder(), 0);
      SplittableRandom random = new SplittableRandom(5);
      double[] read = random.doubles(WIDTH, -2, 2).toArray();
      Tensor cotangents = exact.tensor(random.doubles(WIDTH, -1, 1).toArray(), 1, 1, WIDTH);
      double[] pulled =
          Placement.toDoubles(steps.pullBack(exact.tensor(read, 1, WIDTH), cotangents, gained));
      for (int i = 0; i < WIDTH; i++) {
        double[] ends = new double[2];
        for (int side = 0; side < 2; side++) {
          double[] moved = read.clone();
          moved[i] += side == 0 ? step : -step;
          Tensor unit = steps.normalised(exact.tensor(moved, 1, WIDTH));
          Tensor out = gained ? steps.gained(unit) : unit;
          ends[side] = out.mul(cotangents).sum().item_double();
        }
        // Central differences of step 1e-5 err by about 1e-10 in truncation and in rounding.
        assertThat(pulled[i]).isCloseTo((ends[0] - ends[1]) / (2 * step), offset(1e-8));
      }
    }
  }
}
