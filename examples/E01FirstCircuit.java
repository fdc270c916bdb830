import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.Quadrature;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Selection;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Model;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The main job in forty lines: which edges of the built-in model carry a digit of the prompt into its answer?
 *
 * <p>Run: {@code ./cotrace examples/E01FirstCircuit.java}
 */
final class E01FirstCircuit {
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of("models/arithmetic");
    try (Model model = Model.load(folder, Placement.cpu(Precision.FLOAT32));
        Tokenizer tokens = Tokenizer.open(folder)) {

      // 1. Pairs of prompts that differ in one digit. 'S' asks for the sum, digit by digit, modulo 10.
      List<PromptPair> pairs =
          List.of(
              pair(tokens, "S8507h8:", "S8207h8:", "0", "7"),
              pair(tokens, "S7023h0:", "S7024h0:", "2", "3"),
              pair(tokens, "S3527h4:", "S3627h4:", "7", "8"));

      // 2. Chains of thought of at most 16 tokens, up to the '=' before the answer.
      StopRule atEquals = StopRule.onTokens(tokens.encode("="));
      Sampling sampling = new Sampling(1.0, 16, model.architecture().endTokens(), atEquals, new int[0]);
      Task task = new Task(pairs, sampling, Outcomes.NONE);

      // 3. The expected probability of the right answer, differentiated through the sampled words.
      Settings settings =
          new Settings(Settings.Estimator.SAMPLED, 8, 1, Quadrature.ADAPTIVE, 15, 64, 2, 1);
      Workload work =
          new Workload(GatedModel.of(model.decoder()), task, Objective.parse("answer-prob"), settings);
      Attribution scores = new IntegratedGradient(work, RunListener.SILENT).attribute();
      System.out.println(scores.completeness());
      strongest(scores, 5).forEach(cell -> print(scores, cell));

      // 4. A circuit, and what it is worth when one samples from it.
      Circuit circuit = new Selection.Top(150, Circuit.Ranking.ABSOLUTE).of(scores);
      Faithfulness faithful = new Evaluation(work, RunListener.SILENT).of(circuit);
      System.out.printf(
          "%d edges, faithfulness %.3f ± %.3f%n",
          faithful.edges(), faithful.faithfulness().value(), faithful.faithfulness().standardError());
    }
  }

  private static PromptPair pair(Tokenizer tokens, String clean, String corrupted, String answer, String wrong) {
    return new PromptPair(
        clean, tokens.encode(clean), tokens.encode(corrupted), tokens.encode(answer), tokens.encode(wrong));
  }

  private static List<Integer> strongest(Attribution scores, int count) {
    double[] values = scores.total().values();
    return IntStream.of(scores.graph().edgeCells())
        .boxed()
        .sorted(Comparator.comparingDouble(cell -> -Math.abs(values[cell])))
        .limit(count)
        .toList();
  }

  private static void print(Attribution scores, int cell) {
    System.out.printf(
        "%-18s direct %+.3f ± %.3f   through the words %+.3f ± %.3f%n",
        scores.graph().edge(cell),
        scores.direct().values()[cell],
        scores.direct().standardErrors()[cell],
        scores.throughCot().values()[cell],
        scores.throughCot().standardErrors()[cell]);
  }
}
