import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.Quadrature;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Model;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcome;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.SampledText;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.nio.file.Path;
import java.util.List;

/**
 * An objective of your own: which parts of the built-in model make it write the clean prompt's digits?
 *
 * <p>To use {@link WrittenDigits} from the command line, put it into a jar with a file {@code
 * META-INF/services/dev.cotrace.rollout.Outcome} that has its name in it; docs/objectives.md says how.
 *
 * <p>Run: {@code ./cotrace examples/E02OwnObjective.java}
 */
final class E02OwnObjective {
  /** The share of the prompt's four digits that the chain of thought adds up, each as {@code digit>total}. */
  public static final class WrittenDigits implements Outcome {
    @Override
    public String name() {
      return "written-digits";
    }

    @Override
    public double[] values(List<SampledText> texts) {
      return texts.stream().mapToDouble(text -> share(text.prompt(), text.text())).toArray();
    }

    private static double share(String prompt, String thought) {
      return prompt.substring(1, 5).chars().filter(digit -> thought.contains((char) digit + ">")).count() / 4.0;
    }
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of("models/arithmetic");
    try (Model model = Model.load(folder, Placement.cpu(Precision.FLOAT32));
        Tokenizer tokens = Tokenizer.open(folder)) {
      List<PromptPair> pairs =
          List.of(
              pair(tokens, "S8507h8:", "S8207h8:", "0", "7"),
              pair(tokens, "S7023h0:", "S7024h0:", "2", "3"),
              pair(tokens, "S3527h4:", "S3627h4:", "7", "8"));
      StopRule atEquals = StopRule.onTokens(tokens.encode("="));
      Sampling sampling = new Sampling(1.0, 16, model.architecture().endTokens(), atEquals, new int[0]);

      // An objective names its outcomes; where they come from is said beside the task.
      Objective objective = Objective.parse("written-digits - 0.01*length");
      Outcomes outcomes = Outcomes.of(objective, List.of(new WrittenDigits()), tokens::decode);
      Task task = new Task(pairs, sampling, outcomes);

      Settings settings =
          new Settings(Settings.Estimator.SAMPLED, 8, 1, Quadrature.MIDPOINT, 40, 64, 2, 1);
      Workload work = new Workload(GatedModel.of(model.decoder()), task, objective, settings);
      Attribution scores = new IntegratedGradient(work, RunListener.SILENT).attribute();
      System.out.println(scores.completeness());
      print("J(1), clean", scores.clean());
      print("J(0), corrupted", scores.corrupted());
      print("through the words", scores.throughCot().sum());
      print("around the words", scores.direct().sum());
    }
  }

  private static PromptPair pair(Tokenizer tokens, String clean, String corrupted, String answer, String wrong) {
    return new PromptPair(
        clean, tokens.encode(clean), tokens.encode(corrupted), tokens.encode(answer), tokens.encode(wrong));
  }

  private static void print(String name, Estimate estimate) {
    System.out.printf("%-18s %+.3f ± %.3f%n", name, estimate.value(), estimate.standardError());
  }
}
