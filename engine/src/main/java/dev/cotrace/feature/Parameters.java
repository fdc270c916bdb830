package dev.cotrace.feature;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.List;
import org.apache.commons.rng.core.source64.Philox4x64;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The parameters of a dictionary in training, changed in place; owns their memory.
 *
 * @param matrix W, {@code [dIn, F]}
 * @param encoderBias c, {@code [F]}
 * @param rows D, what each feature at 1 adds, of norm 1: {@code [F, dOut]}
 * @param bias b, {@code [dOut]}
 */
record Parameters(Holder matrix, Holder encoderBias, Holder rows, Holder bias)
    implements AutoCloseable {
  /** Last word of the counter of the streams that directions are drawn from. */
  private static final long DIRECTIONS = 11;

  /**
   * Where training begins: random directions, the bias at the mean of the outputs. An autoencoder's
   * features read the direction that they write; those of a transcoder another one, and are 0 at
   * the mean of the inputs.
   */
  static Parameters initial(TrainingSettings settings, TrainingData data) {
    Placement placement = data.placement();
    Tensor inputMean = data.inputs().mean().get();
    Tensor outputMean = data.outputs().mean().get();
    try (Scope _ = new Scope()) {
      Tensor rows = directions(placement, settings, outputMean.size(0), 0);
      Tensor zeros = placement.zeros(settings.features());
      if (settings.shifted()) {
        return of(rows.t().contiguous(), zeros, rows, outputMean.clone());
      }
      Tensor matrix = directions(placement, settings, inputMean.size(0), 1).t().contiguous();
      return of(matrix, inputMean.matmul(matrix).neg(), rows, outputMean.clone());
    }
  }

  /** Holds the four. */
  static Parameters of(Tensor matrix, Tensor encoderBias, Tensor rows, Tensor bias) {
    return new Parameters(
        new Holder(matrix), new Holder(encoderBias), new Holder(rows), new Holder(bias));
  }

  /** Uniform on the sphere, {@code [F, width]}. */
  private static Tensor directions(
      Placement placement, TrainingSettings settings, long width, long which) {
    int count = Math.toIntExact(settings.features() * width);
    Philox4x64 random = new Philox4x64(new long[] {settings.seed(), which, 0, 0, 0, DIRECTIONS});
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      // Box and Muller 1958.
      double radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
      values[i] = radius * Math.cos(2 * Math.PI * random.nextDouble());
    }
    Tensor rows = placement.tensor(values, settings.features(), width);
    return rows.div(norms(rows));
  }

  /** {@code [F, 1]}. */
  private static Tensor norms(Tensor rows) {
    return rows.square().sum(new long[] {1}, true, null).sqrt().clamp_min(new Scalar(1e-12));
  }

  /** Gives every row the norm 1 again. */
  void normalise() {
    try (Scope _ = new Scope()) {
      rows.get().div_(norms(rows.get()));
    }
  }

  /** All four. */
  List<Holder> all() {
    return List.of(matrix, encoderBias, rows, bias);
  }

  @Override
  public void close() {
    all().forEach(Holder::close);
  }
}
