package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.ReferenceScores;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What stands beside the scores is what it is called. */
final class ReferenceLawsTest {
  /** Probability that any z-score of a correct estimator exceeds its bound. */
  private static final double FAMILY_WISE = 1e-4;

  private static final double[] THREE_NODES = Quadrature.MIDPOINT.rule(3).nodes();

  private static References references(Workload work) {
    IntegratedGradient gradient = new IntegratedGradient(work, RunListener.SILENT);
    gradient.attribute();
    return gradient.references();
  }

  private static ExactObjective exact(TinyModel model, Task task, PromptPair pair, String f) {
    return new ExactObjective(
        new NaiveGatedModel(model),
        pair,
        task.sampling(),
        Objective.parse(f),
        Enumeration.of(task.sampling(), 4));
  }

  private static double[] gates(TinyModel model, double alpha) {
    double[] gates = new double[new NaiveGatedModel(model).graph().cells()];
    Arrays.fill(gates, alpha);
    return gates;
  }

  private static void assertSame(double[] actual, double[] expected) {
    for (int cell = 0; cell < expected.length; cell++) {
      // Both sides are float64, summed in different orders; gradients here are of order 1.
      assertThat(actual[cell]).isCloseTo(expected[cell], offset(1e-9));
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 71", "gpt2, 72"})
  void teacherForcedIsTheDivergenceOnTheCleanModelsOwnTranscripts(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Task task = Tiny.task(2, Tiny.PAIRS);
      Settings settings = Tiny.enumerate(Quadrature.MIDPOINT, 3);
      ReferenceScores actual =
          references(Tiny.work(model, task, "answer-prob", settings)).teacherForced();
      double[] scores = new double[gates(model, 0).length];
      double corrupted = 0;
      int pairs = task.pairs().size();
      for (PromptPair pair : task.pairs()) {
        ExactObjective naive = exact(model, task, pair, "kl");
        for (double alpha : THREE_NODES) {
          double[] gradient = naive.onCleanRollouts(gates(model, alpha)).direct();
          Arrays.setAll(scores, i -> scores[i] + gradient[i] / 3 / pairs);
        }
        corrupted += naive.onCleanRollouts(gates(model, 0)).value() / pairs;
      }
      assertSame(actual.scores().values(), scores);
      assertThat(actual.difference().value()).isCloseTo(-corrupted, offset(1e-9));
      double sum = Arrays.stream(scores).sum();
      assertThat(actual.scores().sum().value()).isCloseTo(sum, offset(1e-9));
      assertThat(actual.gap().value()).isCloseTo(sum + corrupted, offset(1e-9));
      assertThat(actual.gap().standardError()).isZero();
      assertThat(actual.sampledTokens()).isZero();
    }
  }

  @ParameterizedTest
  // Fixed nodes, and those that the adaptive rule came to.
  @CsvSource({"GAUSS_LEGENDRE, 24", "ADAPTIVE, 45"})
  void teacherForcedScoresAddUpToTheDivergenceAtGateZero(Quadrature rule, int points) {
    try (TinyModel model = TinyModel.gpt2(73, 1, 4)) {
      Task task = Tiny.task(3, Tiny.PAIRS);
      Settings settings = Tiny.enumerate(rule, points);
      ReferenceScores actual =
          references(Tiny.work(model, task, "answer-prob", settings)).teacherForced();
      assertThat(actual.difference().value()).isNegative();
      // What 24 points leave on a LayerNorm model.
      assertThat(actual.gap().value()).isCloseTo(0, offset(1e-6));
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 74, LEFT, LEAVE_ONE_OUT", "gpt2, 75, STRATIFIED, PER_EDGE"})
  void sampledTeacherForcedScoresAreUnbiased(
      String family, long seed, Quadrature rule, Settings.BaselineKind baseline) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Task task = Tiny.task(3, Tiny.PAIRS.subList(0, 1));
      Settings sampled =
          new Settings(Settings.Estimator.SAMPLED, 4, 600, rule, 2, 600, 1, seed).with(baseline);
      // Random gates in strata have no quadrature error: a fine fixed rule is their expectation.
      Settings exact =
          rule == Quadrature.STRATIFIED
              ? Tiny.enumerate(Quadrature.GAUSS_LEGENDRE, 24)
              : Tiny.enumerate(rule, 2);
      ReferenceScores actual =
          references(Tiny.work(model, task, "answer-prob", sampled)).teacherForced();
      ReferenceScores expected =
          references(Tiny.work(model, task, "answer-prob", exact)).teacherForced();
      assertUnbiased(actual, expected);
      assertUnbiased(actual.gap(), expected.gap().value(), bound(1));
    }
  }

  private static void assertUnbiased(ReferenceScores actual, ReferenceScores expected) {
    double bound = bound(expected.scores().values().length + 1);
    for (int cell = 0; cell < expected.scores().values().length; cell++) {
      assertUnbiased(actual.scores().at(cell), expected.scores().values()[cell], bound);
    }
    assertUnbiased(actual.difference(), expected.difference().value(), bound);
  }

  private static double bound(int tests) {
    return NormalDistribution.of(0, 1).inverseSurvivalProbability(FAMILY_WISE / 2 / tests);
  }

  private static void assertUnbiased(Estimate estimate, double exact, double bound) {
    double error = estimate.value() - exact;
    // An estimate whose samples all agree has no error bar; rounding is all it may be off by.
    assertThat(Math.abs(error)).isLessThanOrEqualTo(bound * estimate.standardError() + 1e-8);
  }

  @Test
  void allNodesSeeTheTranscriptsOfTheCleanEnd() {
    try (TinyModel model = TinyModel.gpt2(73, 1, 4)) {
      Task task = Tiny.task(3, Tiny.PAIRS);
      Settings settings =
          new Settings(Settings.Estimator.SAMPLED, 4, 2, Quadrature.GAUSS_LEGENDRE, 24, 64, 1, 5);
      ReferenceScores actual =
          references(Tiny.work(model, task, "answer-prob", settings)).teacherForced();
      // Few rollouts, so J(0) is far from known; but both sides of the gap are of the same ones.
      assertThat(actual.difference().standardError()).isGreaterThan(1e-2);
      assertThat(actual.gap().value()).isCloseTo(0, offset(1e-6));
      assertThat(actual.sampledTokens()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, answer-prob - 0.3*kl-reverse, 77",
    "gpt2, exact-match + answer-logprob, 78",
  })
  void eapIsTheGradientAtGateOne(String family, String objective, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      PromptPair pair = Tiny.PAIRS.getFirst();
      Task task = Tiny.task(3, List.of(pair));
      Workload work = Tiny.work(model, task, objective, Tiny.enumerate(Quadrature.LEFT, 2));
      IntegratedGradient run = new IntegratedGradient(work, RunListener.SILENT);
      Attribution scores = run.attribute();
      ReferenceScores actual = run.references().eap();
      ExactObjective.Gradient naive = exact(model, task, pair, objective).at(gates(model, 1));
      double[] expected = naive.direct().clone();
      Arrays.setAll(expected, i -> expected[i] + naive.throughCot()[i]);
      assertSame(actual.scores().values(), expected);
      Estimate difference = scores.ends().difference();
      assertThat(actual.gap().value())
          .isCloseTo(Arrays.stream(expected).sum() - difference.value(), offset(1e-9));
    }
  }

  @ParameterizedTest
  @CsvSource({"SAMPLED", "BRANCHING", "WITHOUT_REPLACEMENT"})
  void sampledEapIsUnbiased(Settings.Estimator estimator) {
    try (TinyModel model = TinyModel.llama(79, 1, 4)) {
      Task task = Tiny.task(2, Tiny.PAIRS.subList(0, 1));
      Settings sampled = new Settings(estimator, 4, 400, Quadrature.LEFT, 2, 600, 1, 79);
      Settings exact = Tiny.enumerate(Quadrature.LEFT, 2);
      ReferenceScores actual = references(Tiny.work(model, task, "exact-match", sampled)).eap();
      ReferenceScores expected = references(Tiny.work(model, task, "exact-match", exact)).eap();
      assertUnbiased(actual, expected);
      assertThat(actual.sampledTokens()).isPositive();
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 80", "gpt2, 81"})
  void withNothingGeneratedEapIsAttributionPatchingOnOnePass(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      PromptPair pair = Tiny.PAIRS.getFirst();
      Task task = Tiny.task(0, List.of(pair));
      Settings settings =
          new Settings(Settings.Estimator.SAMPLED, 2, 1, Quadrature.LEFT, 2, 8, 1, 1);
      ReferenceScores actual = references(Tiny.work(model, task, "logit-diff", settings)).eap();
      assertSame(
          actual.scores().values(),
          exact(model, task, pair, "logit-diff").at(gates(model, 1)).direct());
      assertThat(actual.sampledTokens()).isZero();
    }
  }

  @Test
  void rolloutsDrawnBeforeAreNotHeardOfAnew() {
    try (TinyModel model = TinyModel.gpt2(82, 1, 4)) {
      Task task = Tiny.task(2, Tiny.PAIRS);
      List<JobResult> done = new ArrayList<>();
      List<JobResult> again = new ArrayList<>();
      RunListener listener =
          new RunListener() {
            @Override
            public void done(JobResult result) {
              done.add(result);
            }

            @Override
            public void again(JobResult result) {
              again.add(result);
            }
          };
      Workload work = Tiny.work(model, task, "answer-prob", Tiny.sampled(3, 2, 64, 82));
      IntegratedGradient run = new IntegratedGradient(work, listener);
      run.attribute();
      int before = done.size();
      run.references().teacherForced();
      assertThat(done).hasSize(before);
      // Gate 0 for the gap, and two nodes, of three prompts twice.
      assertThat(again).hasSize((1 + 2) * 3 * 2);
    }
  }

  @Test
  void referencesNeedScoresAndKeptRollouts() {
    try (TinyModel model = TinyModel.gpt2(83, 1, 4)) {
      Workload work =
          Tiny.work(model, Tiny.task(2, Tiny.PAIRS), "answer-prob", Tiny.sampled(3, 2, 64, 83));
      IntegratedGradient run = new IntegratedGradient(work, RunListener.SILENT);
      assertThatThrownBy(run::references).isInstanceOf(IllegalStateException.class);
      IntegratedGradient forgetful =
          new IntegratedGradient(work, new Evaluation(work, RunListener.SILENT));
      forgetful.attribute();
      assertThatThrownBy(() -> forgetful.references().teacherForced())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("not kept");
    }
  }

  @ParameterizedTest
  @EnumSource(Ranking.class)
  void stabilityGoalsRankAsTheRunDoes(Ranking ranking) {
    try (TinyModel model = TinyModel.llama(84, 2, 4)) {
      Task task = Tiny.task(2, Tiny.PAIRS);
      List<String> goals = new ArrayList<>();
      RunListener listener =
          new RunListener() {
            @Override
            public void say(String distance) {
              goals.add(distance);
            }
          };
      Settings settings =
          Tiny.sampled(4, 2, 64, 84).with(Until.parse("stability=0.01@10")).with(ranking);
      Attribution scores =
          new IntegratedGradient(Tiny.work(model, task, "answer-prob", settings), listener)
              .attribute();
      double jaccard = scores.stability(10, ranking, 84).jaccard();
      assertThat(goals)
          .singleElement()
          .asString()
          .contains("stability of the top 10 %.3f of".formatted(jaccard));
      Ranking other = ranking == Ranking.SIGNED ? Ranking.ABSOLUTE : Ranking.SIGNED;
      assertThat(scores.stability(10, other, 84).jaccard()).isNotEqualTo(jaccard);
    }
  }
}
