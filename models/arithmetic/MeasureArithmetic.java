import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Model;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Torch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;

/**
 * Prints how well the model in the directory given knows its language, and that its answers come
 * from where the language says: for sum prompts from the written totals, for hint prompts from the
 * hint.
 */
final class MeasureArithmetic {
  private static final long SEED = 3;
  private static final int PROMPTS = 5_000; // of each mode
  private static final int PAIRS = 256; // of each mode
  private static final int BATCH = 500; // rows

  private MeasureArithmetic() {}

  public static void main(String[] arguments) throws IOException {
    Torch.start();
    Torch.threads(1);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    try (Model model = Model.load(Path.of(arguments[0]), Placement.cpu(Precision.FLOAT32))) {
      ArithmeticRollouts rollouts = new ArithmeticRollouts(GatedModel.of(model.decoder()));
      for (char mode : new char[] {'S', 'H'}) {
        System.out.printf("%c: %d prompts%n", mode, PROMPTS);
        language(mode, rollouts, random).print();
        System.out.printf("%c: %d pairs that differ in one token%n", mode, PAIRS);
        new ArithmeticCauses(rollouts, pairs(mode, random), random).print();
      }
    }
  }

  /** Pairs that differ in a digit (sum) or in the hint. */
  private static List<PromptPair> pairs(char mode, RandomGenerator random) {
    return Stream.generate(() -> Arithmetic.Prompt.draw(mode, random))
        .limit(PAIRS)
        .map(clean ->
            ArithmeticRollouts.pair(
                clean, mode == 'S' ? clean.withOtherDigit(random) : clean.withOtherHint(random)))
        .toList();
  }

  private static Tally language(char mode, ArithmeticRollouts rollouts, RandomGenerator random) {
    Tally tally = new Tally();
    while (tally.count < PROMPTS) {
      List<Arithmetic.Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < BATCH; i++) {
        prompts.add(Arithmetic.Prompt.draw(mode, random));
      }
      List<PromptPair> pairs =
          prompts.stream().map(prompt -> ArithmeticRollouts.pair(prompt, prompt)).toList();
      List<Transcript> transcripts =
          rollouts.sample(pairs, ArithmeticRollouts.all(1, BATCH), ArithmeticRollouts.WHOLE, 1);
      List<Measurement> measurements = rollouts.measure(transcripts, 1);
      for (int i = 0; i < BATCH; i++) {
        tally.add(
            prompts.get(i),
            transcripts.get(i).rollout().tokens(),
            measurements.get(i).logProbability());
      }
    }
    return tally;
  }

  /** What became of the prompts. */
  private static final class Tally {
    private int count;
    private int valid;
    private int right;
    private double entropy;
    private final Map<String, Integer> orders = new HashMap<>();

    void add(Arithmetic.Prompt prompt, int[] sampled, double[] logProbability) {
      int thought = Math.min(Arithmetic.THOUGHT, sampled.length);
      Optional<String> order = Arithmetic.order(prompt, Arrays.copyOf(sampled, thought));
      String end = Arithmetic.text(Arrays.copyOfRange(sampled, thought, sampled.length));
      count++;
      valid += order.isPresent() ? 1 : 0;
      right += end.equals(prompt.answer() + Arithmetic.EOS_TEXT) ? 1 : 0;
      entropy -= Arrays.stream(logProbability, 0, thought).sum();
      order.ifPresent(o -> orders.merge(o, 1, Integer::sum));
      if (count <= 3) {
        System.out.println("  for example " + prompt.text() + Arithmetic.text(sampled));
      }
    }

    void print() {
      double[] shares = orders.values().stream().mapToDouble(n -> (double) n / valid).toArray();
      System.out.printf("  valid chains of thought %.2f %%%n", 100.0 * valid / count);
      System.out.printf("  right answers, then the end %.2f %%%n", 100.0 * right / count);
      System.out.printf(
          "  entropy of the chain of thought given the prompt %.4f nats, ln 4! = %.4f%n",
          entropy / count, Math.log(24));
      System.out.printf(
          "  %d orders, entropy over all prompts %.4f nats, shares %.2f to %.2f %% (1/24 = 4.17"
              + " %%)%n",
          shares.length,
          Arrays.stream(shares).map(p -> -p * Math.log(p)).sum(),
          100 * Arrays.stream(shares).min().orElse(0),
          100 * Arrays.stream(shares).max().orElse(0));
    }
  }
}
