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
 * METHOD §9.1 and §9.4 for EAP-IG's methods: frozen differences against the gradients of runs in
 * which one writer is held, by autograd of a naive model with one gate for every edge.
 */
final class PeerMethodsTest {
  /** Probability that a test fails by chance. */
  private static final double FAMILY_WISE = 0.001;

  private static final int STEPS = 3;

  @ParameterizedTest
  @CsvSource({
    "llama, EAP_IG_INPUTS, logit-diff, 51",
    "gpt2, EAP_IG_INPUTS, logit-diff, 52",
    "llama, EAP_IG_INPUTS, answer-prob, 53",
    "gpt2, EAP_IG_INPUTS, answer-logprob, 54",
    "gpt_neox, EAP_IG_INPUTS, logit-diff, 55",
    "gemma, EAP_IG_INPUTS, logit-diff, 56",
    "gemma, EAP_IG_INPUTS, answer-logprob, 57",
    "llama, EAP_IG_ACTIVATIONS, logit-diff, 151",
    "gpt2, EAP_IG_ACTIVATIONS, prob-diff, 152",
    "gpt_neox, EAP_IG_ACTIVATIONS, answer-kl, 153",
    "gemma, EAP_IG_ACTIVATIONS, answer-logprob, 154",
    "llama, CLEAN_CORRUPTED, answer-prob, 155",
    "gpt2, CLEAN_CORRUPTED, answer-kl, 156",
    "gpt_neox, CLEAN_CORRUPTED, logit-diff, 157",
    "gemma, CLEAN_CORRUPTED, prob-diff, 158",
    "llama, EAP, answer-logprob, 159",
    "gpt_neox, EAP, prob-diff, 160"
  })
  void withNothingGeneratedScoresAreThoseOfTheNaiveModel(
      String family, Method method, String objective, long seed) {
    Task task = Tiny.task(0, Tiny.PAIRS);
    Rule rule = Rule.of(method);
    Settings settings =
        new Settings(Settings.Estimator.SAMPLED, 2, 1, rule.quadrature, rule.points, 8, 1, 1);
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      Attribution scores = attribute(model, task, objective, settings.with(method));
      assertExact(
          scores, naive(method, naive, task.pairs(), pair -> exact(naive, task, pair, objective)));
      assertThat(scores.throughCot().values()).containsOnly(0);
      assertThat(scores.sampledTokens()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, EAP_IG_INPUTS, answer-prob - 0.5*kl, 61",
    "gpt2, EAP_IG_INPUTS, answer-logprob + 0.3*kl-reverse, 62",
    "gpt_neox, EAP_IG_INPUTS, exact-match + logit-diff, 63",
    "gemma, EAP_IG_INPUTS, answer-prob + length, 64",
    "llama, EAP_IG_ACTIVATIONS, exact-match - 0.5*kl, 161",
    "gpt2, EAP_IG_ACTIVATIONS, answer-logprob + 0.3*kl-reverse, 162",
    "gpt_neox, EAP_IG_ACTIVATIONS, answer-prob + answer-kl, 163",
    "gemma, EAP_IG_ACTIVATIONS, logit-diff + kl, 164",
    "gpt2, CLEAN_CORRUPTED, answer-prob + kl, 165",
    "gemma, CLEAN_CORRUPTED, exact-match + prob-diff, 166",
    "llama, EAP, answer-prob + kl, 167",
    "gpt2, EAP, exact-match - kl-reverse, 168"
  })
  void listedChainsOfThoughtGiveBothPartsOfTheNaiveModel(
      String family, Method method, String objective, long seed) {
    int pairs = method == Method.EAP_IG_ACTIVATIONS ? 1 : 2;
    Task task = Tiny.task(2, Tiny.PAIRS.subList(0, pairs));
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      Rule rule = Rule.of(method);
      Settings settings = Tiny.enumerate(rule.quadrature, rule.points).with(method);
      assertExact(
          attribute(model, task, objective, settings),
          naive(method, naive, task.pairs(), pair -> exact(naive, task, pair, objective)));
    }
  }

  /** Kinds whose chains of thought can be listed without more, each in two families. */
  static Stream<Arguments> corruptions() {
    List<String> others = List.of("gpt2", "gpt_neox", "gemma");
    return TinyCorruption.KINDS.stream()
        .filter(kind -> !kind.startsWith("resample"))
        .flatMap(kind -> {
          String other = others.get(TinyCorruption.KINDS.indexOf(kind) % others.size());
          return Stream.of(
              Arguments.of(kind, "llama", Method.EAP_IG_INPUTS),
              Arguments.of(kind, other, Method.EAP_IG_INPUTS),
              Arguments.of(kind, other, Method.EAP_IG_ACTIVATIONS));
        });
  }

  @ParameterizedTest
  @MethodSource("corruptions")
  void soTheyDoUnderEveryCorruption(String kind, String family, Method method) {
    String objective = "answer-logprob + 0.5*kl";
    try (TinyModel model = TinyModel.of(family, 65, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      Rule rule = Rule.of(method);
      Settings settings = Tiny.enumerate(rule.quadrature, rule.points).with(method);
      assertExact(
          attribute(model, tiny.task(), objective, settings),
          naive(
              method,
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
    "llama, EAP_IG_INPUTS, SAMPLED, LEAVE_ONE_OUT, 71",
    "gpt2, EAP_IG_INPUTS, SAMPLED, PER_EDGE, 72",
    "gemma, EAP_IG_INPUTS, BRANCHING, LEAVE_ONE_OUT, 73",
    "gpt_neox, EAP_IG_INPUTS, WITHOUT_REPLACEMENT, LEAVE_ONE_OUT, 74",
    "gpt2, EAP_IG_ACTIVATIONS, SAMPLED, LEAVE_ONE_OUT, 75"
  })
  void sampledChainsOfThoughtAreUnbiased(
      String family,
      Method method,
      Settings.Estimator estimator,
      Settings.BaselineKind baseline,
      long seed) {
    Task task = Tiny.task(2, Tiny.PAIRS.subList(0, 1));
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Settings settings =
          new Settings(estimator, 4, 400, Quadrature.LEFT, 2, 600, 1, seed)
              .with(baseline)
              .with(method);
      Attribution sampled = attribute(model, task, "answer-prob + kl", settings);
      Attribution listed =
          attribute(
              model, task, "answer-prob + kl", Tiny.enumerate(Quadrature.LEFT, 2).with(method));
      double bound =
          NormalDistribution.of(0, 1)
              .inverseSurvivalProbability(FAMILY_WISE / 5 / sampled.graph().edgeCount());
      for (int cell : sampled.graph().edgeCells()) {
        assertUnbiased(sampled.direct().at(cell), listed.direct().values()[cell], bound);
        assertUnbiased(sampled.throughCot().at(cell), listed.throughCot().values()[cell], bound);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 81", "gpt2, 82", "gpt_neox, 83", "gemma, 84"})
  void atTheCleanEndAllMethodsAreAttributionPatching(String family, long seed) {
    Task task = Tiny.task(2, Tiny.PAIRS);
    Settings clean = Tiny.enumerate(Quadrature.EAP, 1);
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Attribution gates =
          new IntegratedGradient(
                  Tiny.work(model, task, "answer-prob + kl-reverse", clean), RunListener.SILENT)
              .attribute();
      for (Method method : List.of(Method.EAP, Method.EAP_IG_INPUTS)) {
        Attribution own = attribute(model, task, "answer-prob + kl-reverse", clean.with(method));
        assertClose(own.direct(), gates.direct().values());
        assertClose(own.throughCot(), gates.throughCot().values());
        assertThat(own.clean()).isEqualTo(gates.clean());
        assertThat(own.corrupted()).isEqualTo(gates.corrupted());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 87, 1, 1", "gpt2, 88, 2, 2", "gemma, 89, 3, 2"})
  void layoutsChangeNoScoreOfHeldWriters(String family, long seed, int rows, int threads) {
    Task task = Tiny.task(2, Tiny.PAIRS);
    Settings one =
        new Settings(Settings.Estimator.SAMPLED, 3, 2, Quadrature.RIGHT, 2, 64, 1, seed)
            .with(Method.EAP_IG_ACTIVATIONS);
    Settings other =
        new Settings(Settings.Estimator.SAMPLED, 3, 2, Quadrature.RIGHT, 2, rows, threads, seed)
            .with(Method.EAP_IG_ACTIVATIONS)
            .with(Settings.Backward.RECOMPUTE);
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Attribution expected = attribute(model, task, "answer-prob + kl", one);
      Attribution actual = attribute(model, task, "answer-prob + kl", other);
      assertClose(actual.direct(), expected.direct().values());
      assertClose(actual.throughCot(), expected.throughCot().values());
    }
  }

  /** On this model the scores add up to something else, and nothing says that they should not. */
  @ParameterizedTest
  @CsvSource({"llama, 85", "gpt2, 86"})
  void noGapIsReported(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Settings settings = Tiny.enumerate(Quadrature.LEFT, STEPS).with(Method.EAP_IG_INPUTS);
      Attribution scores = attribute(model, Tiny.task(1, Tiny.PAIRS), "answer-logprob", settings);
      double difference = scores.clean().value() - scores.corrupted().value();
      assertThat(Math.abs(scores.total().sum().value() - difference)).isGreaterThan(1e-3);
      assertThat(scores.gap().value()).isNaN();
      assertThat(scores.incomplete()).isFalse();
      assertThat(scores.completeness())
          .endsWith("those of eap-ig-inputs need not add up to J(1) − J(0), so no gap is reported");
    }
  }

  /** How a method's steps are taken here. */
  private record Rule(Quadrature quadrature, int points) {
    static Rule of(Method method) {
      return switch (method) {
        case EAP_IG_INPUTS -> new Rule(Quadrature.LEFT, STEPS);
        case EAP_IG_ACTIVATIONS -> new Rule(Quadrature.RIGHT, 2); // There are many writers.
        case CLEAN_CORRUPTED -> new Rule(Quadrature.TRAPEZOID, 2);
        default -> new Rule(Quadrature.EAP, 1);
      };
    }
  }

  private static Attribution attribute(
      TinyModel model, Task task, String objective, Settings settings) {
    return new IntegratedGradient(Tiny.work(model, task, objective, settings), RunListener.SILENT)
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

  /** The mean over pairs, held writers and steps of the naive gradient. */
  private static ExactObjective.Gradient naive(
      Method method,
      NaiveGatedModel naive,
      List<PromptPair> pairs,
      Function<PromptPair, ExactObjective> of) {
    double[] steps =
        switch (method) {
          case EAP_IG_INPUTS -> new double[] {0, 1.0 / 3, 2.0 / 3};
          case EAP_IG_ACTIVATIONS -> new double[] {0.5, 1};
          case CLEAN_CORRUPTED -> new double[] {0, 1};
          default -> new double[] {1};
        };
    int writers = method == Method.EAP_IG_ACTIVATIONS ? 1 + 2 * naive.graph().layers() : 1;
    double[] open = new double[naive.graph().cells()];
    Arrays.fill(open, 1);
    double[] direct = new double[open.length];
    double[] throughCot = new double[open.length];
    double share = 1.0 / steps.length / writers / pairs.size();
    for (PromptPair pair : pairs) {
      for (int writer = 0; writer < writers; writer++) {
        for (double step : steps) {
          ExactObjective.Gradient own = of.apply(pair).withHeld(writer, step).at(open);
          Arrays.setAll(direct, cell -> direct[cell] + share * own.direct()[cell]);
          Arrays.setAll(throughCot, cell -> throughCot[cell] + share * own.throughCot()[cell]);
        }
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
