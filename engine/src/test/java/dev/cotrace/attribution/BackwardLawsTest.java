package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.attribution.Settings.Backward;
import dev.cotrace.attribution.Settings.BaselineKind;
import dev.cotrace.attribution.Settings.Estimator;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Method;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** METHOD §9.5: what sampling recorded gives the gradient that a second forward pass gives. */
final class BackwardLawsTest {
  /** Of the largest score: float64 on both sides, sums in different orders. */
  private static final double ROUNDING = 1e-10;

  @ParameterizedTest
  @CsvSource({
    "llama, SAMPLED, LEAVE_ONE_OUT, answer-prob, 1",
    "gpt2, SAMPLED, LEAVE_ONE_OUT, kl + kl-reverse, 2",
    "gpt_neox, SAMPLED, LEAVE_ONE_OUT, exact-match, 3",
    "gemma, SAMPLED, LEAVE_ONE_OUT, logit-diff - 0.5*kl, 4",
    "llama, SAMPLED, PER_EDGE, answer-prob, 5",
    "gpt2, BRANCHING, LEAVE_ONE_OUT, answer-logprob, 6",
    "gemma, BRANCHING, LEAVE_ONE_OUT, length, 7",
    "llama, WITHOUT_REPLACEMENT, LEAVE_ONE_OUT, answer-prob, 8",
  })
  void recordedAndRecomputedGradientsAreTheSame(
      String family, Estimator estimator, BaselineKind baseline, String objective, long seed) {
    Sampling sampling =
        new Sampling(
            1,
            4,
            Set.of(3),
            StopRule.onTokens(0, 0),
            new int[] {1},
            new Scheme.BranchPoints.Entropy(0.5));
    Task task = new Task(Tiny.PAIRS, sampling, Tiny.OUTCOMES);
    Settings settings =
        Tiny.sampled(4, 2, 24, seed).with(estimator).with(baseline).branching(2, 1, 2);
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      assertSameBothWays(model, task, objective, settings);
    }
  }

  static Stream<Arguments> corruptions() {
    return TinyCorruption.KINDS.stream()
        .flatMap(
            kind -> Stream.of("llama", "gpt2", "gemma").map(family -> Arguments.of(family, kind)));
  }

  @ParameterizedTest
  @MethodSource("corruptions")
  void soTheyAreUnderEveryCorruption(String family, String kind) {
    try (TinyModel model = TinyModel.of(family, 11, 2, 4)) {
      TinyCorruption corruption = TinyCorruption.of(model, kind);
      Settings settings = Tiny.sampled(6, 2, 12, 9);
      assertSameBothWays(model, corruption.task(), "answer-logprob - 0.3*kl", settings);
    }
  }

  /** Rows that end at different steps are given up while the others go on. */
  @ParameterizedTest
  @CsvSource({"llama, 21", "gpt2, 22"})
  void soTheyAreWhateverTheBatch(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Task task = Tiny.task(6, Tiny.PAIRS);
      Attribution one = attribute(model, task, "answer-prob", Tiny.sampled(8, 2, 8, seed));
      Attribution all = attribute(model, task, "answer-prob", Tiny.sampled(8, 2, 96, seed));
      assertSame(one, all);
    }
  }

  /** The clean run of a batch then takes several passes, over sequences of several lengths. */
  @ParameterizedTest
  @MethodSource("corruptions")
  void soTheyAreWithMoreRolloutsThanOnePassTakes(String family, String kind) {
    try (TinyModel model = TinyModel.of(family, 12, 2, 4)) {
      TinyCorruption corruption = TinyCorruption.of(model, kind);
      Settings settings = Tiny.sampled(8, 2, 2, 10).with(Method.EAP_IG_INPUTS);
      String objective = "answer-logprob - 0.3*kl";
      Attribution many =
          attribute(
              model,
              corruption.task(),
              objective,
              Tiny.sampled(8, 2, 64, 10).with(Method.EAP_IG_INPUTS));
      assertSame(attribute(model, corruption.task(), objective, settings), many);
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 1", "gpt2, 3"})
  void soTheyAreWhenNothingFollowsTheChainOfThought(String family, int newTokens) {
    Sampling sampling = new Sampling(1, newTokens, Set.of(3), StopRule.NEVER, new int[0]);
    PromptPair pair =
        new PromptPair("none", new int[] {1, 2}, new int[] {0, 2}, new int[0], new int[0]);
    Task task = new Task(List.of(pair), sampling, Outcomes.NONE);
    try (TinyModel model = TinyModel.of(family, 31, 2, 4)) {
      assertSameBothWays(model, task, "kl", Tiny.sampled(4, 2, 8, 3));
    }
  }

  private static void assertSameBothWays(
      TinyModel model, Task task, String objective, Settings settings) {
    for (Method method : Method.values()) {
      // A divergence from the clean model is flat where that is sampled: nothing but rounding.
      boolean flat = method == Method.EAP && objective.startsWith("kl");
      if (!method.isGradient() || flat) {
        continue;
      }
      Settings own = Tiny.by(method, settings);
      Attribution recorded = attribute(model, task, objective, own.with(Backward.RECORDED));
      Attribution recomputed = attribute(model, task, objective, own.with(Backward.RECOMPUTE));
      assertThat(Arrays.stream(recorded.total().values())).anyMatch(score -> score != 0);
      assertSame(recorded, recomputed);
    }
  }

  private static void assertSame(Attribution actual, Attribution expected) {
    // Standard errors too: where rollouts cannot differ, theirs is rounding of the scores.
    double scale = largest(expected.direct().values()) + largest(expected.throughCot().values());
    assertClose(actual.direct().values(), expected.direct().values(), scale);
    assertClose(actual.throughCot().values(), expected.throughCot().values(), scale);
    assertClose(actual.total().standardErrors(), expected.total().standardErrors(), scale);
  }

  private static void assertClose(double[] actual, double[] expected, double scale) {
    assertThat(actual).containsExactly(expected, offset(ROUNDING * scale));
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  private static Attribution attribute(
      TinyModel model, Task task, String objective, Settings settings) {
    return new IntegratedGradient(Tiny.work(model, task, objective, settings), RunListener.SILENT)
        .attribute();
  }
}
