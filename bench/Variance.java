import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.Quadrature;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Settings.Allotment;
import dev.cotrace.attribution.Settings.BaselineKind;
import dev.cotrace.attribution.Settings.Estimator;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.Model;
import dev.cotrace.model.Rotary;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.model.Weights;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.SampledText;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme.BranchPoints;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.task.ExactMatch;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;

/**
 * How many tokens each estimator needs for the same variance of the scores, on the built-in model.
 *
 * <p>{@code ./cotrace bench/Variance.java [ROUNDS] [TASK [ESTIMATOR…]]}, with the task {@code kl} or {@code exact-match} on sums of the
 * built-in model, or {@code tiny}: KL on random models of four ids, whose chains of thought of three tokens can all be
 * listed. One JSON line for each estimator:
 * tokens sampled for a round of one prompt; the variance of the scores of a round, summed over edges, from the differences
 * between rounds of the same prompt; and how many times fewer tokens than plain REINFORCE it takes for the same variance:
 * over all prompts together, and as the geometric mean over prompts with the range of one standard error. Where all rollouts can be listed,
 * {@code bias} is the squared distance of the mean score from the exact one over what its variance lets one expect: near 1.
 */
final class Variance {
  private static final int POINTS = 16;
  private static final List<String[]> PAIRS =
      List.of(
          new String[] {"S8507h8:", "S8207h8:", "0"},
          new String[] {"S1486h5:", "S1480h5:", "9"},
          new String[] {"S7023h0:", "S7024h0:", "2"},
          new String[] {"S8241h3:", "S3241h3:", "5"});

  /** One prompt to attribute, with the settings it is to be done with. */
  private interface Prompt {
    Attribution attribute(Settings settings);
  }

  private final String name;
  private final List<Prompt> prompts;
  private final int rounds;
  private final boolean enumerable;
  private final List<String> wanted;

  private Variance(String name, List<Prompt> prompts, int rounds, boolean enumerable, List<String> wanted) {
    this.wanted = wanted;
    this.name = name;
    this.prompts = prompts;
    this.rounds = rounds;
    this.enumerable = enumerable;
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 24;
    List<String> tasks = arguments.length > 1 ? List.of(arguments[1]) : List.of("tiny", "kl", "exact-match");
    List<String> wanted = List.of(arguments).subList(Math.min(2, arguments.length), arguments.length);
    for (String task : tasks) {
      if (task.equals("tiny")) {
        new Variance(task, List.of(tiny(1), tiny(2), tiny(3), tiny(4)), rounds, true, wanted).run();
      } else {
        sums(task, rounds, wanted);
      }
    }
  }

  private static void sums(String task, int rounds, List<String> wanted) throws Exception {
    Path folder = Path.of("models/arithmetic");
    try (Model model = Model.load(folder, Placement.cpu(Precision.FLOAT32));
        Tokenizer tokenizer = Tokenizer.open(folder)) {
      List<Prompt> prompts =
          PAIRS.stream().map(texts -> (Prompt) s -> attribute(model, tokenizer, task, texts, s)).toList();
      new Variance(task, prompts, rounds, false, wanted).run();
    }
  }

  private void run() {
    double[][] exact = new double[prompts.size()][];
    for (int i = 0; i < exact.length && enumerable; i++) {
      Settings all = settings(Estimator.ENUMERATE, Quadrature.MIDPOINT, 1);
      exact[i] = prompts.get(i).attribute(all).total().values();
    }
    double[] plain = null;
    for (Map.Entry<String, Settings> each : estimators().entrySet()) {
      if (plain != null && !wanted.isEmpty() && !wanted.contains(each.getKey())) {
        continue;
      }
      double[] cost = new double[prompts.size()]; // variance times tokens
      double tokens = 0;
      double variance = 0;
      double distance = 0;
      long start = System.nanoTime();
      for (int i = 0; i < cost.length; i++) {
        Attribution a = prompts.get(i).attribute(each.getValue());
        double ofMean = squares(a.total().standardErrors());
        variance += ofMean * rounds / cost.length;
        tokens += (double) a.sampledTokens() / rounds / cost.length;
        cost[i] = ofMean * a.sampledTokens();
        distance += exact[i] == null ? Double.NaN : squares(less(a.total().values(), exact[i])) / ofMean / cost.length;
      }
      plain = plain == null ? cost : plain;
      System.out.printf(
          "{\"bench\":\"variance\",\"task\":\"%s\",\"estimator\":\"%s\",\"tokens\":%.0f,\"variance\":%.4g,%s,\"bias\":%s,\"seconds\":%.0f}%n",
          name,
          each.getKey(),
          tokens,
          variance,
          fewer(plain, cost),
          Double.isNaN(distance) ? "null" : "%.2f".formatted(distance),
          (System.nanoTime() - start) / 1e9);
    }
  }

  private static double squares(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return sum;
  }

  private static double[] less(double[] a, double[] b) {
    double[] less = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      less[i] = a[i] - b[i];
    }
    return less;
  }

  private static String fewer(double[] plain, double[] cost) {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < cost.length; i++) {
      double log = Math.log(plain[i] / cost[i]);
      sum += log;
      squares += log * log;
    }
    int n = cost.length;
    double mean = sum / n;
    double error = Math.sqrt(Math.max(0, squares / n - mean * mean) / (n - 1));
    double together = Arrays.stream(plain).sum() / Arrays.stream(cost).sum();
    return "\"times_fewer_tokens\":%.2f,\"geometric\":%.2f,\"low\":%.2f,\"high\":%.2f"
        .formatted(together, Math.exp(mean), Math.exp(mean - error), Math.exp(mean + error));
  }

  private Map<String, Settings> estimators() {
    Map<String, Settings> all = new LinkedHashMap<>();
    Settings sampled = settings(Estimator.SAMPLED, Quadrature.MIDPOINT, 8);
    all.put("reinforce", sampled.with(BaselineKind.REINFORCE));
    all.put("none", sampled.with(BaselineKind.NONE));
    all.put("leave-one-out", sampled);
    all.put("leave-one-out, allotted", sampled.with(Allotment.VARIANCE));
    all.put("leave-one-out, stratified", settings(Estimator.SAMPLED, Quadrature.STRATIFIED, 8));
    all.put("per-edge", sampled.with(BaselineKind.PER_EDGE));
    Settings trees = settings(Estimator.BRANCHING, Quadrature.MIDPOINT, 4).branching(2, 1, 1);
    all.put("branching", trees);
    all.put("branching, allotted", trees.with(Allotment.VARIANCE));
    Settings sets = settings(Estimator.WITHOUT_REPLACEMENT, Quadrature.MIDPOINT, 8);
    all.put("without-replacement", sets);
    all.put("without-replacement, allotted", sets.with(Allotment.VARIANCE));
    return all;
  }

  private Settings settings(Estimator estimator, Quadrature quadrature, int rollouts) {
    return new Settings(estimator, rollouts, rounds, quadrature, POINTS, 128, 2, 1);
  }

  private static Attribution attribute(
      Model model, Tokenizer tokenizer, String name, String[] texts, Settings settings) {
    int[] answer = tokenizer.encode(texts[2]);
    PromptPair pair = new PromptPair(texts[0], tokenizer.encode(texts[0]), tokenizer.encode(texts[1]), answer, answer);
    boolean whole = name.equals("exact-match");
    StopRule stop = whole ? StopRule.NEVER : StopRule.onTokens(tokenizer.encode("="));
    // Orders of summation are drawn at the beginning of each term; only there is the entropy this large.
    BranchPoints branchAt = new BranchPoints.Entropy(1);
    Sampling sampling =
        new Sampling(1, whole ? 18 : 16, model.architecture().endTokens(), stop, new int[0], branchAt);
    return attribute(model.decoder(), pair, sampling, Objective.parse(name), settings, tokenizer::decode);
  }

  /** A random llama of one layer, two heads and four ids, of which 3 ends a chain of thought. */
  private static Prompt tiny(long seed) {
    Placement place = Placement.cpu(Precision.FLOAT64);
    Architecture architecture =
        Architecture.llama(
            Architecture.Attention.plain(1, 2, 1, 4, Rotary.of(100, 4)), 8, 12, 4, 32, 1e-5, false, Set.of());
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    String layer = "model.layers.0.";
    add(tensors, place, random, "model.embed_tokens.weight", 4, 8);
    add(tensors, place, random, layer + "input_layernorm.weight", 8);
    add(tensors, place, random, layer + "self_attn.q_proj.weight", 8, 8);
    add(tensors, place, random, layer + "self_attn.k_proj.weight", 4, 8);
    add(tensors, place, random, layer + "self_attn.v_proj.weight", 4, 8);
    add(tensors, place, random, layer + "self_attn.o_proj.weight", 8, 8);
    add(tensors, place, random, layer + "post_attention_layernorm.weight", 8);
    add(tensors, place, random, layer + "mlp.gate_proj.weight", 12, 8);
    add(tensors, place, random, layer + "mlp.up_proj.weight", 12, 8);
    add(tensors, place, random, layer + "mlp.down_proj.weight", 8, 12);
    add(tensors, place, random, "model.norm.weight", 8);
    add(tensors, place, random, "lm_head.weight", 4, 8);
    Decoder decoder = new Decoder(architecture, Weights.huggingFace(architecture, place, tensors));
    PromptPair pair = new PromptPair("tiny", new int[] {1, 2, 0}, new int[] {1, 3, 0}, new int[] {2}, new int[] {1});
    Sampling sampling =
        new Sampling(1, 3, Set.of(3), StopRule.NEVER, new int[0], new BranchPoints.Entropy(1));
    return settings ->
        attribute(decoder, pair, sampling, Objective.parse("kl"), settings, SampledText.Decoder.IDS);
  }

  private static void add(
      Map<String, Tensor> tensors, Placement place, SplittableRandom random, String name, long... shape) {
    double[] values = new double[Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b))];
    Arrays.setAll(values, i -> (shape.length == 1 ? 1 : 0) + 0.5 * random.nextGaussian());
    tensors.put(name, place.tensor(values, shape));
  }

  private static Attribution attribute(
      Decoder decoder,
      PromptPair pair,
      Sampling sampling,
      Objective objective,
      Settings settings,
      SampledText.Decoder text) {
    Outcomes outcomes = Outcomes.of(objective, List.of(new ExactMatch("")), text);
    Task task = new Task(List.of(pair), sampling, outcomes);
    Workload work = new Workload(GatedModel.of(decoder), task, objective, settings);
    return new IntegratedGradient(work, RunListener.SILENT).attribute();
  }
}
