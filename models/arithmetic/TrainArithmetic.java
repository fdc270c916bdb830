import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.OptimizerOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains the built-in model and writes {@code model.safetensors} into the directory given. One seed
 * decides everything.
 *
 * <p>The loss is the cross-entropy to the <em>distribution</em> of the next token, which is known
 * (uniform over the digits not yet written, else one sure token), so the order's randomness adds no
 * noise to the gradient. Printed is the Kullback-Leibler divergence of a whole sequence, in nats: 0
 * is a perfect model.
 */
final class TrainArithmetic {
  private static final long SEED = 1;
  private static final int STEPS = 2000;
  private static final int BATCH = 192; // sequences
  private static final double SLIP = 0.1; // share of sequences with one wrong digit or total
  private static final double PEAK_RATE = 2e-3;
  private static final int WARM_UP = 100; // steps
  private static final double LARGEST_GRADIENT = 1.0;
  private static final Placement PLACEMENT = Placement.cpu(Precision.FLOAT32);

  private TrainArithmetic() {}

  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[0]);
    Torch.start();
    Torch.threads(1);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    try (ArithmeticModel model = ArithmeticModel.initial(random)) {
      System.out.println(model.size() + " parameters");
      train(model, random);
      model.save(directory.resolve("model.safetensors"));
    }
  }

  private static void train(ArithmeticModel model, RandomGenerator random) {
    TensorVector parameters = new TensorVector(model.trainable());
    AdamWOptions options = new AdamWOptions(PEAK_RATE);
    options.betas().put(0, 0.9).put(1, 0.99);
    options.weight_decay().put(0.01);
    AdamW optimizer = new AdamW(parameters, options);
    OptimizerOptions schedule = optimizer.param_groups().get(0).options();
    long start = System.nanoTime();
    for (int step = 0; step < STEPS; step++) {
      schedule.set_lr(rate(step));
      double divergence = step(model, optimizer, parameters, random);
      if (step % 100 == 0 || step == STEPS - 1) {
        System.out.printf(
            "step %d: divergence %.4f nats a sequence, %.0f s%n",
            step, divergence, (System.nanoTime() - start) / 1e9);
      }
    }
  }

  /** Linear warm-up, then a cosine down to a hundredth of the peak. */
  private static double rate(int step) {
    double warm = Math.min(1, (step + 1.0) / WARM_UP);
    return PEAK_RATE * warm * (0.01 + 0.99 * (1 + Math.cos(Math.PI * step / STEPS)) / 2);
  }

  private static double step(
      ArithmeticModel model, AdamW optimizer, TensorVector parameters, RandomGenerator random) {
    int learned = Arithmetic.LENGTH - Arithmetic.PROMPT;
    int[][] rows = new int[BATCH][];
    double[] targets = new double[BATCH * learned * Arithmetic.VOCABULARY];
    for (int row = 0; row < BATCH; row++) {
      Arithmetic.Sequence sequence =
          Arithmetic.draw(Arithmetic.Prompt.drawAny(random), SLIP, random);
      rows[row] = Arrays.copyOf(sequence.tokens(), Arithmetic.LENGTH - 1);
      for (int i = 0; i < learned; i++) {
        double[] target = sequence.targets()[Arithmetic.PROMPT + i];
        System.arraycopy(target, 0, targets, (row * learned + i) * target.length, target.length);
      }
    }
    double entropy = Arrays.stream(targets).filter(p -> p > 0).map(p -> -p * Math.log(p)).sum();
    try (Scope _ = new Scope()) {
      Tensor target = PLACEMENT.tensor(targets, BATCH, learned, Arithmetic.VOCABULARY);
      Tensor logProbabilities = model.logProbabilities(rows, Arithmetic.PROMPT - 1);
      Tensor loss = target.mul(logProbabilities).sum().neg().div(new Scalar((double) BATCH));
      optimizer.zero_grad();
      loss.backward();
      torch.clip_grad_norm_(parameters, LARGEST_GRADIENT);
      optimizer.step();
      return loss.item_double() - entropy / BATCH;
    }
  }
}
