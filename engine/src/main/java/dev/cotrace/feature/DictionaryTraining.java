package dev.cotrace.feature;

import static java.util.Objects.requireNonNull;

import dev.cotrace.dictionary.SaeLensDictionary;
import dev.cotrace.feature.SparseLoss.Dead;
import dev.cotrace.feature.SparseLoss.Gradient;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.apache.commons.rng.core.source64.Philox4x64;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Trains a dictionary: Adam down {@link SparseLoss}, rows of the decoder kept at norm 1. The same
 * settings and activations give the same dictionary, with as many threads.
 */
public final class DictionaryTraining {
  /** Steps after which numbers are looked at. */
  private static final int CHECKED = 50;

  /** Steps after which a feature that was not active in any of them counts as dead. */
  private static final int DEAD_AFTER = 100;

  /** Last word of the counter of the streams that batches are drawn from. */
  private static final long BATCHES = 12;

  private final TrainingSettings settings;
  private final TrainingData data;
  private final SparseLoss loss;

  private DictionaryTraining(TrainingSettings settings, TrainingData data) {
    this.settings = settings;
    this.data = data;
    loss = new SparseLoss(settings.form(), settings.shifted(), settings.sparsity());
  }

  /**
   * Trains.
   *
   * @param progress hears how many steps are done
   * @throws IllegalArgumentException when the steps are so large that they lead nowhere
   */
  public static SaeLensDictionary run(
      TrainingSettings settings, TrainingData data, IntConsumer progress) {
    return new DictionaryTraining(settings, data).run(progress);
  }

  private SaeLensDictionary run(IntConsumer progress) {
    Placement placement = data.placement();
    try (Parameters parameters = Parameters.initial(settings, data);
        Adam adam = new Adam(parameters.all());
        Holder idle = new Holder()) { // steps since each feature was active, [F]
      try (Scope _ = new Scope()) {
        idle.set(placement.zeros(settings.features()));
      }
      for (int step = 0; step < settings.steps(); step++) {
        Torch.checkInterrupted();
        try (Scope _ = new Scope()) {
          Tensor batch = batch(step);
          Gradient gradient =
              loss.gradient(
                  parameters,
                  data.inputs().values().get().index_select(0, batch),
                  data.outputs().values().get().index_select(0, batch),
                  dead(idle.get()));
          adam.step(settings.rate(step), tangential(parameters, gradient.parameters()));
          parameters.normalise();
          idle.get().add_(new Scalar(1.0)).masked_fill_(gradient.active(), new Scalar(0.0));
        }
        if (step % CHECKED == 0) {
          requireFinite(parameters);
        }
        progress.accept(step + 1);
      }
      return stored(parameters);
    }
  }

  private void requireFinite(Parameters parameters) {
    try (Scope _ = new Scope()) {
      if (!Double.isFinite(Placement.toDoubles(parameters.bias().get().sum())[0])) {
        throw diverged();
      }
    }
  }

  private IllegalArgumentException diverged() {
    return new IllegalArgumentException(
        "training led to numbers that are none: lower --learning-rate, %s"
            .formatted(settings.learningRate()));
  }

  /** Positions drawn with replacement, {@code [B]}: a function of seed and step. */
  private Tensor batch(int step) {
    Philox4x64 random = new Philox4x64(new long[] {settings.seed(), step, 0, 0, 0, BATCHES});
    long[] places = new long[settings.batch()];
    Arrays.setAll(places, _ -> random.nextLong(data.positions()));
    return data.placement().indices(places, places.length);
  }

  private static Dead dead(Tensor idle) {
    Tensor which = idle.ge(new Scalar((double) DEAD_AFTER));
    return new Dead(which, (int) Placement.toDoubles(which.sum())[0]);
  }

  /** The gradient without what would change the norms of rows (Gao et al. 2024, A.1). */
  private static List<Tensor> tangential(Parameters parameters, List<Tensor> gradient) {
    Tensor rows = parameters.rows().get();
    Tensor radial = gradient.get(2).mul(rows).sum(new long[] {1}, true, null); // [F, 1]
    List<Tensor> changed = new ArrayList<>(gradient);
    changed.set(2, gradient.get(2).sub(radial.mul(rows)));
    return changed;
  }

  /**
   * In the units of the model: where inputs and outputs were multiplied by f and g, features are
   * divided by g.
   */
  private SaeLensDictionary stored(Parameters parameters) {
    double f = data.inputs().factor();
    double g = data.outputs().factor();
    return new SaeLensDictionary(
        settings.form(),
        settings.input(),
        settings.output(),
        Math.toIntExact(data.inputs().mean().get().size(0)),
        Math.toIntExact(data.outputs().mean().get().size(0)),
        settings.features(),
        floats(parameters.matrix(), f / g),
        floats(parameters.encoderBias(), 1 / g),
        floats(parameters.rows(), 1),
        floats(parameters.bias(), 1 / g));
  }

  private float[] floats(Holder tensor, double factor) {
    double[] values = Placement.toDoubles(requireNonNull(tensor.get()));
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) (values[i] * factor);
      if (!Float.isFinite(floats[i])) {
        throw diverged();
      }
    }
    return floats;
  }
}
