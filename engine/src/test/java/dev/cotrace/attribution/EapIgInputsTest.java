package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Scores;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Task;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * METHOD §9.1 and §9.4 for EAP-IG's inputs: frozen differences against the gradients of runs whose
 * input is mixed, by autograd of a naive model with one gate for every edge.
 */
final class EapIgInputsTest {
  /** Probability that a test fails by chance. */
  private static final double FAMILY_WISE = 0.001;

  private static final int STEPS = 3;

  @ParameterizedTest
  @CsvSource({
    "llama, logit-diff, 51",
    "gpt2, logit-diff, 52",
    "llama, answer-prob, 53",
    "gpt2, answer-logprob, 54",
    "gpt_neox, logit-diff, 55",
    "gemma, logit-diff, 56",
    "gemma, answer-logprob, 57"
  })
  void withNothingGeneratedScoresAreThoseOfTheNaiveModel(
      String family, String objective, long seed) {
    Task task = Tiny.task(0, Tiny.PAIRS);
    Settings settings =
        new Settings(Settings.Estimator.SAMPLED, 2, 1, Quadrature.LEFT, STEPS, 8, 1, 1);
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      Attribution scores = attribute(model, task, objective, settings);
      assertExact(scores, naive(naive, task.pairs(), pair -> exact(naive, task, pair, objective)));
      assertThat(scores.throughCot().values()).containsOnly(0);
      assertThat(scores.sampledTokens()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, answer-prob - 0.5*kl, 61",
    "gpt2, answer-logprob + 0.3*kl-reverse, 62",
    "gpt_neox, exact-match + logit-diff, 63",
    "gemma, answer-prob + length, 64"
  })
  void listedChainsOfThoughtGiveBothPartsOfTheNaiveModel(
      String family, String objective, long seed) {
    Task task = Tiny.task(2, Tiny.PAIRS.subList(0, 2));
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      Settings settings = Tiny.enumerate(Quadrature.LEFT, STEPS);
      assertExact(
          attribute(model, task, objective, settings),
          naive(naive, task.pairs(), pair -> exact(naive, task, pair, objective)));
    }
  }

  /** Kinds whose chains of thought can be listed without more, each in two families. */
  static Stream<Arguments> corruptions() {
    List<String> others = List.of("gpt2", "gpt_neox", "gemma");
    return TinyCorruption.KINDS.stream()
        .filter(kind -> !kind.startsWith("resample"))
        .flatMap(kind ->
            Stream.of("llama", others.get(TinyCorruption.KINDS.indexOf(kind) % others.size()))
                .map(family -> Arguments.of(kind, family)));
  }

  @ParameterizedTest
  @MethodSource("corruptions")
  void soTheyDoUnderEveryCorruption(String kind, String family) {
    String objective = "answer-logprob + 0.5*kl";
    try (TinyModel model = TinyModel.of(family, 65, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      Settings settings = Tiny.enumerate(Quadrature.LEFT, STEPS);
      assertExact(
          attribute(model, tiny.task(), objective, settings),
          naive(
              naive,
              List.of(tiny.pair()),
              pair ->
                  new ExactObjective(
                      naive,
                      pair,
                      tiny.sampling(),
                      Objective.parse(objective),
                      tiny.rollouts(),
                      tiny)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, SAMPLED, LEAVE_ONE_OUT, 71",
    "gpt2, SAMPLED, PER_EDGE, 72",
    "gemma, BRANCHING, LEAVE_ONE_OUT, 73",
    "gpt_neox, WITHOUT_REPLACEMENT, LEAVE_ONE_OUT, 74"
  })
  void sampledChainsOfThoughtAreUnbiased(
      String family, Settings.Estimator estimator, Settings.BaselineKind baseline, long seed) {
    Task task = Tiny.task(2, Tiny.PAIRS.subList(0, 1));
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Settings settings =
          new Settings(estimator, 4, 400, Quadrature.LEFT, 2, 600, 1, seed).with(baseline);
      Attribution sampled = attribute(model, task, "answer-prob + kl", settings);
      Attribution listed =
          attribute(model, task, "answer-prob + kl", Tiny.enumerate(Quadrature.LEFT, 2));
      double bound =
          NormalDistribution.of(0, 1)
              .inverseSurvivalProbability(FAMILY_WISE / 4 / sampled.graph().edgeCount());
      for (int cell : sampled.graph().edgeCells()) {
        assertUnbiased(sampled.direct().at(cell), listed.direct().values()[cell], bound);
        assertUnbiased(sampled.throughCot().at(cell), listed.throughCot().values()[cell], bound);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 81", "gpt2, 82", "gpt_neox, 83", "gemma, 84"})
  void atTheCleanEndBothMethodsAreAttributionPatching(String family, long seed) {
    Task task = Tiny.task(2, Tiny.PAIRS);
    Settings clean = Tiny.enumerate(Quadrature.EAP, 1);
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Attribution gates =
          new IntegratedGradient(
                  Tiny.work(model, task, "answer-prob + kl-reverse", clean), RunListener.SILENT)
              .attribute();
      Attribution inputs = attribute(model, task, "answer-prob + kl-reverse", clean);
      assertClose(inputs.direct(), gates.direct().values());
      assertClose(inputs.throughCot(), gates.throughCot().values());
      assertThat(inputs.clean()).isEqualTo(gates.clean());
      assertThat(inputs.corrupted()).isEqualTo(gates.corrupted());
    }
  }

  /** On this model the scores add up to something else, and nothing says that they should not. */
  @ParameterizedTest
  @CsvSource({"llama, 85", "gpt2, 86"})
  void noGapIsReported(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Settings settings = Tiny.enumerate(Quadrature.LEFT, STEPS);
      Attribution scores = attribute(model, Tiny.task(1, Tiny.PAIRS), "answer-logprob", settings);
      double difference = scores.clean().value() - scores.corrupted().value();
      assertThat(Math.abs(scores.total().sum().value() - difference)).isGreaterThan(1e-3);
      assertThat(scores.gap().value()).isNaN();
      assertThat(scores.incomplete()).isFalse();
      assertThat(scores.completeness())
          .endsWith("those of eap-ig-inputs need not add up to J(1) − J(0), so no gap is reported");
    }
  }

  private static Attribution attribute(
      TinyModel model, Task task, String objective, Settings settings) {
    Settings own = settings.with(Method.EAP_IG_INPUTS);
    return new IntegratedGradient(Tiny.work(model, task, objective, own), RunListener.SILENT)
        .attribute();
  }

  private static ExactObjective exact(
      NaiveGatedModel naive, Task task, PromptPair pair, String objective) {
    return new ExactObjective(
        naive,
        pair,
        task.sampling(),
        Objective.parse(objective),
        Enumeration.of(task.sampling(), 4));
  }

  /** The mean over pairs and steps of the naive gradient. */
  private static ExactObjective.Gradient naive(
      NaiveGatedModel naive, List<PromptPair> pairs, Function<PromptPair, ExactObjective> of) {
    double[] open = new double[naive.graph().cells()];
    Arrays.fill(open, 1);
    double[] direct = new double[open.length];
    double[] throughCot = new double[open.length];
    for (PromptPair pair : pairs) {
      for (int step = 0; step < STEPS; step++) {
        ExactObjective.Gradient own = of.apply(pair).withMixedInput((double) step / STEPS).at(open);
        double share = 1.0 / STEPS / pairs.size();
        Arrays.setAll(direct, cell -> direct[cell] + share * own.direct()[cell]);
        Arrays.setAll(throughCot, cell -> throughCot[cell] + share * own.throughCot()[cell]);
      }
    }
    return new ExactObjective.Gradient(Double.NaN, direct, throughCot);
  }

  private static void assertExact(Attribution actual, ExactObjective.Gradient expected) {
    assertThat(largest(expected.direct())).isPositive();
    assertClose(actual.direct(), expected.direct());
    assertClose(actual.throughCot(), expected.throughCot());
  }

  /** To 1e-9 of the largest: both sides are float64, summed in different orders. */
  private static void assertClose(Scores actual, double[] expected) {
    assertThat(actual.values())
        .containsExactly(expected, offset(1e-9 * Math.max(1e-3, largest(expected))));
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  private static void assertUnbiased(Estimate estimate, double exact, double bound) {
    // An estimate whose samples all agree has no error bar; rounding is all it may be off by.
    assertThat(Math.abs(estimate.value() - exact))
        .isLessThanOrEqualTo(bound * estimate.standardError() + 1e-10);
  }
}
