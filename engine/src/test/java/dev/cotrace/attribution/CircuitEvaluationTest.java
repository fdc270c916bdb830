package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.attribution.CircuitEvaluation.Judgement;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Knockout;
import dev.cotrace.circuit.SwitchEffect;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.MeanOutputs;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Task;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What circuits are judged by, against naive gates with chains of thought listed. */
final class CircuitEvaluationTest {
  private static final double ROUNDING = 1e-9;

  /** A task on a tiny model, all of whose chains of thought are listed. */
  private record Setting(TinyModel model, Task task, String objective) {
    Workload work(Settings settings) {
      return Tiny.work(model, task, objective, settings);
    }

    Workload listed() {
      return work(Tiny.enumerate(Quadrature.LEFT, 1));
    }

    ComputationGraph graph() {
      return GatedModel.of(model.decoder()).graph();
    }

    Circuit circuit(long seed, double share) {
      SplittableRandom random = new SplittableRandom(seed);
      boolean[] edges = new boolean[graph().cells()];
      Arrays.stream(graph().edgeCells()).forEach(cell -> edges[cell] = random.nextDouble() < share);
      return new Circuit(graph(), edges);
    }

    /** The mean over pairs of what is exact of each. */
    double exact(String other, ToDoubleFunction<ExactObjective> value) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      return task.pairs().stream()
          .mapToDouble(pair ->
              value.applyAsDouble(
                  new ExactObjective(
                      naive,
                      pair,
                      task.sampling(),
                      Objective.parse(other),
                      Enumeration.of(task.sampling(), 4))))
          .average()
          .orElseThrow();
    }

    double exact(double[] z) {
      return exact(objective, exact -> exact.at(z).value());
    }

    double faithfulness(double[] z) {
      double corrupted = exact(new double[z.length]);
      return (exact(z) - corrupted) / (exact(ones(z.length)) - corrupted);
    }
  }

  private static double[] ones(int count) {
    double[] ones = new double[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  @ParameterizedTest
  @CsvSource({
    "llama, answer-prob, 1",
    "gpt2, exact-match + logit-diff, 2",
    "gpt_neox, answer-logprob - 0.2*kl, 3",
    "gemma, exact-match, 4",
  })
  void everyMeasureIsTheExactOne(String family, String objective, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Setting setting = new Setting(model, Tiny.task(2, Tiny.PAIRS.subList(0, 2)), objective);
      Workload work = setting.listed();
      Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
      CircuitEvaluation evaluation = new CircuitEvaluation(work, ends, RunListener.SILENT);
      Circuit circuit = setting.circuit(seed, 0.6);
      double[] z = circuit.gates();
      Judgement judged = evaluation.of(circuit);
      Faithfulness sampled = judged.sampled().faithfulness();
      assertThat(sampled.circuit().value()).isCloseTo(setting.exact(z), offset(ROUNDING));
      assertThat(sampled.faithfulness().value())
          .isCloseTo(setting.faithfulness(z), offset(ROUNDING));
      double steps = setting.exact("length", exact -> exact.at(z).value());
      assertThat(judged.divergence().value())
          .isCloseTo(setting.exact("kl", exact -> exact.at(z).value()) / steps, offset(ROUNDING));
      double cleanSteps = setting.exact("length", exact -> exact.at(ones(z.length)).value());
      assertThat(judged.teacherForcedDivergence().orElseThrow().value())
          .isCloseTo(
              setting.exact("kl", exact -> exact.onCleanRollouts(z).value()) / cleanSteps,
              offset(ROUNDING));
      if (objective.equals("exact-match")) {
        assertThat(judged.teacherForced()).as("the text is given").isEmpty();
      } else {
        Faithfulness forced = judged.teacherForced().orElseThrow().faithfulness();
        double corrupted =
            setting.exact(objective, exact -> exact.onCleanRollouts(new double[z.length]).value());
        double circuitValue = setting.exact(objective, exact -> exact.onCleanRollouts(z).value());
        double clean = setting.exact(ones(z.length));
        assertThat(forced.circuit().value()).isCloseTo(circuitValue, offset(ROUNDING));
        assertThat(forced.faithfulness().value())
            .isCloseTo((circuitValue - corrupted) / (clean - corrupted), offset(ROUNDING));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 11", "gpt2, 12"})
  void knockoutsAndRemovalsAreDifferencesOfExactValues(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Setting setting = new Setting(model, Tiny.task(2, Tiny.PAIRS.subList(0, 2)), "answer-prob");
      Workload work = setting.listed();
      Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
      CircuitEvaluation evaluation = new CircuitEvaluation(work, ends, RunListener.SILENT);
      Circuit circuit = setting.circuit(seed, 0.7);
      int[] cells = Arrays.stream(setting.graph().edgeCells()).filter(circuit::contains).toArray();
      Circuit removed = circuit.without(Arrays.copyOf(cells, cells.length / 2));
      double rest = setting.faithfulness(circuit.without(cells(removed)).gates());
      double others =
          setting.faithfulness(Circuit.full(setting.graph()).without(cells(removed)).gates());
      Knockout knockout = evaluation.knockout(circuit, removed);
      assertThat(knockout.edges()).isEqualTo(removed.size());
      assertThat(knockout.circuit().value()).isCloseTo(rest, offset(ROUNDING));
      assertThat(knockout.model().value()).isCloseTo(others, offset(ROUNDING));
      assertThat(knockout.gap().value()).isCloseTo(rest - others, offset(ROUNDING));
      assertThat(evaluation.removal(evaluation.of(circuit), cells[0]).loss().value())
          .isCloseTo(
              setting.faithfulness(circuit.gates())
                  - setting.faithfulness(circuit.without(cells[0]).gates()),
              offset(ROUNDING));
      assertThat(evaluation.without(circuit).faithfulness().value())
          .isCloseTo(
              setting.faithfulness(Circuit.full(setting.graph()).without(cells).gates()),
              offset(ROUNDING));
    }
  }

  private static int[] cells(Circuit circuit) {
    return Arrays.stream(circuit.graph().edgeCells()).filter(circuit::contains).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2"})
  void oneAnswerInFourIsTheMostProbable(String family) {
    for (int tokens : new int[] {0, 2}) {
      try (TinyModel model = TinyModel.of(family, 21, 1, 4)) {
        double sum = 0;
        double best = Double.NEGATIVE_INFINITY;
        double accuracyOfBest = 0;
        for (int answer = 0; answer < 4; answer++) {
          PromptPair pair =
              new PromptPair(
                  "a", new int[] {1, 2, 0}, new int[] {1, 3, 0}, new int[] {answer}, new int[0]);
          Setting setting = new Setting(model, Tiny.task(tokens, List.of(pair)), "answer-logprob");
          Workload work = setting.listed();
          Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
          CircuitEvaluation evaluation = new CircuitEvaluation(work, ends, RunListener.SILENT);
          Judgement judged = evaluation.of(setting.circuit(3, 0.5));
          double accuracy = judged.accuracy().orElseThrow().value();
          double logProbability = judged.sampled().faithfulness().circuit().value();
          sum += accuracy;
          if (logProbability > best) {
            best = logProbability;
            accuracyOfBest = accuracy;
          }
        }
        assertThat(sum).isCloseTo(1, offset(ROUNDING));
        if (tokens == 0) {
          assertThat(accuracyOfBest).isOne();
        }
      }
    }
  }

  /** Sampled with the same random numbers, the whole model is itself and no edge is J(0). */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt_neox"})
  void theWholeModelIsFaithfulAndNoEdgeIsNot(String family) {
    try (TinyModel model = TinyModel.of(family, 31, 2, 4)) {
      Setting setting = new Setting(model, Tiny.task(4, Tiny.PAIRS), "answer-prob");
      Workload work = setting.work(Tiny.sampled(6, 3, 32, 5));
      Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
      CircuitEvaluation evaluation = new CircuitEvaluation(work, ends, RunListener.SILENT);
      Judgement whole = evaluation.of(Circuit.full(setting.graph()));
      assertThat(whole.sampled().faithfulness().faithfulness().value()).isOne();
      assertThat(whole.sampled().faithfulness().faithfulness().standardError()).isZero();
      assertThat(whole.teacherForced().orElseThrow().faithfulness().faithfulness().value())
          .isCloseTo(1, offset(ROUNDING));
      assertThat(whole.divergence().value()).isCloseTo(0, offset(ROUNDING));
      Judgement none = evaluation.of(setting.circuit(1, 0));
      assertThat(none.sampled().faithfulness().faithfulness().value())
          .isCloseTo(0, offset(ROUNDING));
      assertThat(none.teacherForced().orElseThrow().faithfulness().faithfulness().value()).isZero();
      assertThat(none.examples()).hasSameSizeAs(Tiny.PAIRS);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2"})
  void areasAreThoseUnderStraightLines(String family) {
    try (TinyModel model = TinyModel.of(family, 41, 1, 4)) {
      Setting setting = new Setting(model, Tiny.task(2, Tiny.PAIRS), "answer-prob");
      Evaluation ends = new Evaluation(setting.work(Tiny.sampled(4, 4, 64, 6)), RunListener.SILENT);
      double[] shares = {0.5, 0.1, 1, 0.2};
      FaithfulnessCurve curve = new FaithfulnessCurve();
      FaithfulnessCurve flat = new FaithfulnessCurve();
      double[] f = new double[shares.length];
      Worth half = ends.worth(setting.circuit(9, 0.5));
      for (int i = 0; i < shares.length; i++) {
        assertThat(Double.isNaN(curve.cpr().value())).isEqualTo(i < 2);
        Worth worth = ends.worth(setting.circuit(i, shares[i]));
        f[i] = worth.faithfulness().faithfulness().value();
        curve.add(shares[i], worth);
        flat.add(shares[i], half);
      }
      double cpr = 0.1 * (f[1] + f[3]) / 2 + 0.3 * (f[3] + f[0]) / 2 + 0.5 * (f[0] + f[2]) / 2;
      double[] m = Arrays.stream(f).map(x -> Math.abs(1 - x)).toArray();
      double cmd = 0.1 * (m[1] + m[3]) / 2 + 0.3 * (m[3] + m[0]) / 2 + 0.5 * (m[0] + m[2]) / 2;
      assertThat(curve.cpr().value()).isCloseTo(cpr, offset(ROUNDING));
      assertThat(curve.cmd().value()).isCloseTo(cmd, offset(ROUNDING));
      Faithfulness everywhere = half.faithfulness();
      double error = everywhere.faithfulness().standardError();
      assertThat(error).isPositive();
      assertThat(flat.cpr().standardError()).isCloseTo(0.9 * error, offset(ROUNDING));
      assertThat(flat.cmd().standardError()).isCloseTo(0.9 * error, offset(ROUNDING));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void magnitudesAreDistancesOfOutputs(String family) {
    try (TinyModel model = TinyModel.of(family, 51, 2, 4)) {
      Setting setting = new Setting(model, Tiny.task(0, Tiny.PAIRS), "answer-prob");
      Workload work = setting.work(Tiny.enumerate(Quadrature.LEFT, 1));
      Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
      double[] scores = MagnitudeScores.of(work, ends);
      int[] cells = setting.graph().edgeCells();
      for (int cell : cells) {
        double expected = 0;
        for (PromptPair pair : Tiny.PAIRS) {
          SourceValues clean = outputs(work, pair.clean(), pair);
          SourceValues corrupted = outputs(work, pair.corrupted(), pair);
          int source = setting.graph().sourceOf(cell);
          for (int t = 0; t < clean.positions(); t++) {
            double square = 0;
            for (int d = 0; d < clean.width(); d++) {
              int at = (source * clean.positions() + t) * clean.width() + d;
              square += Math.pow(clean.positional()[at] - (double) corrupted.positional()[at], 2);
            }
            expected += Math.sqrt(square) / Tiny.PAIRS.size();
          }
        }
        // Those outputs are kept in float32.
        assertThat(scores[cell]).isCloseTo(expected, offset(1e-4 * (1 + expected)));
      }
    }
  }

  /** Outputs at the prompt and the answer's prefix. */
  private static SourceValues outputs(Workload work, int[] prompt, PromptPair pair) {
    int[] prefix = work.task().sampling().answerPrefix();
    int[] ids = Arrays.copyOf(prompt, prompt.length + prefix.length + pair.answer().length - 1);
    System.arraycopy(prefix, 0, ids, prompt.length, prefix.length);
    try (MeanOutputs outputs = new MeanOutputs(work.model(), ids.length)) {
      outputs.add(List.of(ids));
      return outputs.means();
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 61", "gpt2, 62"})
  void switchesAreExactEffectsAndAllOfThemTheDifferenceOfTheEnds(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Setting setting = new Setting(model, Tiny.task(3, Tiny.PAIRS), "answer-prob");
      Workload work = setting.work(Tiny.sampled(4, 3, 64, seed));
      Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
      EdgeSwitches switches = new EdgeSwitches(work, ends, RunListener.SILENT);
      var exact = new ExactEffects(work, ends).attribute();
      int[] cells = setting.graph().edgeCells();
      for (int cell : new int[] {cells[0], cells[cells.length / 2]}) {
        SwitchEffect effect = switches.of(cell);
        assertThat(effect.total()).isEqualTo(exact.total().at(cell));
        assertThat(effect.direct()).isEqualTo(exact.direct().at(cell));
        assertThat(effect.throughCot()).isEqualTo(exact.throughCot().at(cell));
      }
      assertThat(switches.of(cells).total().value())
          .isCloseTo(ends.clean().value() - ends.corrupted().value(), offset(ROUNDING));
    }
  }
}
