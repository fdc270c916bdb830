import dev.cotrace.DiscoveryListener;
import dev.cotrace.Experiment;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.CircuitEvaluation;
import dev.cotrace.attribution.CircuitEvaluation.Judgement;
import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Selection;
import java.util.Map;

/**
 * Faithfulness against size, in the circuit's own words and in the model's. A circuit that is given the clean model's words
 * need not find them itself, so it may look faithful while on its own it would write something else.
 *
 * <p>Run: {@code ./cotrace examples/E05Faithfulness.java}
 */
final class E05Faithfulness {
  public static void main(String[] arguments) throws Exception {
    Map<String, Object> settings =
        Map.of(
            "model", "models/arithmetic",
            "task", "models/tasks/arithmetic-sum.jsonl",
            "objective", "kl",
            "limit", 8,
            "rollouts", 4,
            "points", 15);
    try (Experiment experiment = Experiment.open(SpecYaml.read(null, settings), DiscoveryListener.SILENT)) {
      Workload work = experiment.workload();

      // 1. J(0) and J(1) once, for the scores and for every circuit: all share their random numbers.
      Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
      Attribution scores = new IntegratedGradient(work, ends).attribute();
      CircuitEvaluation judge = new CircuitEvaluation(work, ends, RunListener.SILENT);

      // 2. The best circuits by the scores, in the words that they sample and in the words of the clean model.
      System.out.printf("%5s  %-16s  %-16s  %-16s%n", "edges", "own words", "the model's", "right answers");
      for (int size : new int[] {25, 50, 100, 200, 400}) {
        Circuit circuit = new Selection.Top(size, Circuit.Ranking.ABSOLUTE).of(scores);
        Judgement judged = judge.of(circuit);
        System.out.printf(
            "%5d  %-16s  %-16s  %-16s%n",
            circuit.size(),
            judged.sampled().faithfulness().faithfulness(),
            judged.teacherForced().orElseThrow().faithfulness().faithfulness(),
            judged.accuracy().orElseThrow());
      }
    }
  }
}
