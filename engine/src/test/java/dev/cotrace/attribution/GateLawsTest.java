package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * METHOD §9.3 and the laws of gates: production runs against naive per-edge gates and finite
 * differences.
 */
final class GateLawsTest {
  private static final PromptPair PAIR = Tiny.PAIRS.getFirst();
  private static final Task TASK = Tiny.task(2, List.of(PAIR));
  private static final Objective OBJECTIVE = Objective.parse("answer-logprob + 0.5*kl");

  @ParameterizedTest
  @CsvSource({"llama, 1", "gpt2, 2", "gpt_neox, 3", "gemma, 4"})
  void anyMaskGivesTheValueOfNaiveGates(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      double[] z = new SplittableRandom(seed).doubles(naive.graph().cells()).toArray();
      double exact = exact(naive, z).value();
      assertThat(value(model, new Gates.PerEdge(naive.graph(), z)))
          .isCloseTo(exact, offset(1e-9 * Math.abs(exact)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 0.0", "gpt2, 0.0", "gpt_neox, 0.0", "gemma, 0.0", "llama, 0.3", "gpt2, 0.3",
    "gpt_neox, 0.3", "gemma, 0.3", "llama, 1.0", "gpt2, 1.0", "gpt_neox, 1.0", "gemma, 1.0"
  })
  void uniformGatesAndAMaskOfEqualGatesAgree(String family, double alpha) {
    try (TinyModel model = TinyModel.of(family, 3, 2, 4)) {
      ComputationGraph graph = GatedModel.of(model.decoder()).graph();
      double[] z = new double[graph.cells()];
      Arrays.fill(z, alpha);
      double masked = value(model, new Gates.PerEdge(graph, z));
      assertThat(uniformValue(model, alpha)).isCloseTo(masked, offset(1e-10));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void openGatesGiveTheCleanModelAndClosedGatesTheCorruptedOne(String family) {
    PromptPair swapped =
        new PromptPair(
            "swapped",
            /* clean= */ PAIR.corrupted(),
            /* corrupted= */ PAIR.clean(),
            PAIR.answer(),
            PAIR.wrong());
    Objective answer = Objective.parse("answer-logprob");
    try (TinyModel model = TinyModel.of(family, 4, 2, 4)) {
      double closed = measure(model, answer, PAIR, uniform(0), 0);
      double open = measure(model, answer, swapped, uniform(1), 0);
      assertThat(closed).isCloseTo(open, offset(1e-12));
      assertThat(measure(model, Objective.parse("kl"), PAIR, uniform(1), 0))
          .isCloseTo(0, offset(1e-12));
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 5", "gpt2, 6", "gpt_neox, 7", "gemma, 8"})
  void everyEdgesGradientIsItsCentralDifference(String family, long seed) {
    double alpha = 0.6;
    double step = 1e-5;
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      GatedModel gated = GatedModel.of(model.decoder());
      TranscriptScorer scorer = scorer(gated, OBJECTIVE);
      var gradient =
          scorer
              .gradients(
                  List.of(
                      new TranscriptScorer.Group(alpha, transcripts(PAIR, TASK), Baseline.EXACT)))
              .getFirst();
      for (int cell : gated.graph().edgeCells()) {
        double[] z = new double[gated.graph().cells()];
        Arrays.fill(z, alpha);
        z[cell] = alpha + step;
        double above = value(model, new Gates.PerEdge(gated.graph(), z));
        z[cell] = alpha - step;
        double below = value(model, new Gates.PerEdge(gated.graph(), z));
        double difference = (above - below) / (2 * step);
        // Central differences of step 1e-5 err by about 1e-10 in truncation and 1e-11 in rounding.
        assertThat(gradient.direct()[cell] + gradient.throughCot()[cell])
            .as(gated.graph().edge(cell).toString())
            .isCloseTo(difference, offset(1e-7));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void theFullCircuitIsFaithfulAndTheEmptyOneIsNot(String family) {
    try (TinyModel model = TinyModel.of(family, 7, 2, 4)) {
      Workload work =
          Tiny.work(model, Tiny.task(3, Tiny.PAIRS), "answer-prob", Tiny.sampled(8, 2, 16, 5));
      Evaluation evaluation = new Evaluation(work, RunListener.SILENT);
      ComputationGraph graph = work.model().graph();
      Faithfulness full = sampled(work, evaluation, Circuit.full(graph));
      Faithfulness empty =
          sampled(work, evaluation, new Circuit(graph, new boolean[graph.cells()]));
      assertThat(full.faithfulness().value()).isCloseTo(1, offset(1e-9));
      assertThat(empty.faithfulness().value()).isCloseTo(0, offset(1e-9));
    }
  }

  /** By its gates: an evaluation takes the circuit of all edges for J(1). */
  private static Faithfulness sampled(Workload work, Evaluation evaluation, Circuit circuit) {
    Expectation expectation = new Expectation(work, new LocalRunner(RunListener.SILENT));
    int rounds = evaluation.rounds();
    Tally tally = Tally.of(evaluation.clusters(), expectation.results(circuit, rounds));
    return evaluation.worth(circuit, tally.value()).faithfulness();
  }

  private static ExactObjective.Gradient exact(NaiveGatedModel naive, double[] z) {
    List<Rollout> rollouts = Enumeration.of(TASK.sampling(), 4);
    return new ExactObjective(naive, PAIR, TASK.sampling(), OBJECTIVE, rollouts).at(z);
  }

  private static Gates uniform(double alpha) {
    return new Gates.Uniform(new double[] {alpha});
  }

  private static double uniformValue(TinyModel model, double alpha) {
    double[] each = new double[transcripts(PAIR, TASK).size()];
    Arrays.fill(each, alpha);
    return value(model, new Gates.Uniform(each));
  }

  private static double value(TinyModel model, Gates gates) {
    List<Measurement> measurements =
        scorer(GatedModel.of(model.decoder()), OBJECTIVE).measure(gates, transcripts(PAIR, TASK));
    return measurements.stream()
        .mapToDouble(m -> Math.exp(m.rolloutLogProbability()) * OBJECTIVE.value(m))
        .sum();
  }

  /** The objective on a single rollout of two fixed tokens. */
  private static double measure(
      TinyModel model, Objective objective, PromptPair pair, Gates gates, int token) {
    Rollout rollout = new Rollout(new int[] {token, token}, Rollout.Finish.BUDGET);
    Transcript transcript = new Transcript(pair, rollout, TASK.sampling().answerPrefix());
    TranscriptScorer scorer = scorer(GatedModel.of(model.decoder()), objective);
    return objective.value(scorer.measure(gates, List.of(transcript)).getFirst());
  }

  private static TranscriptScorer scorer(GatedModel model, Objective objective) {
    return new TranscriptScorer(model, objective, 1, Outcomes.NONE);
  }

  private static List<Transcript> transcripts(PromptPair pair, Task task) {
    return Enumeration.of(task.sampling(), 4).stream()
        .map(rollout -> new Transcript(pair, rollout, task.sampling().answerPrefix()))
        .toList();
  }
}
