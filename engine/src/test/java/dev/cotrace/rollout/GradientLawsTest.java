package dev.cotrace.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.TranscriptScorer.Group;
import dev.cotrace.rollout.TranscriptScorer.GroupGradient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** METHOD §9.1: with all sequences listed, the production gradient is the exact one. */
final class GradientLawsTest {
  private static final PromptPair PAIR =
      new PromptPair(
          "tiny", new int[] {1, 2, 0}, new int[] {1, 3, 0}, new int[] {2}, new int[] {1});

  @ParameterizedTest(name = "{0}, {1}, temperature {2}, seed {3}")
  @CsvSource({
    "llama, kl, 1, 1",
    "gpt2, kl, 1, 2",
    "llama, kl-reverse, 0.7, 3",
    "gpt2, kl-reverse, 1, 4",
    "llama, answer-logprob, 1, 5",
    "gpt2, answer-logprob, 1.5, 6",
    "llama, answer-prob, 1, 7",
    "gpt2, answer-prob, 0.7, 8",
    "llama, logit-diff, 0.7, 9",
    "gpt2, logit-diff, 1, 10",
    "llama, prob-diff, 0.7, 29",
    "gpt2, prob-diff - 0.5*logit-diff, 1, 30",
    "gpt_neox, answer-kl, 0.8, 31",
    "gemma, answer-kl - kl + prob-diff, 1, 32",
    "llama, exact-match, 1, 11",
    "gpt2, exact-match, 1, 12",
    "llama, answer-prob - 0.5*kl + 2*exact-match, 0.8, 13",
    "gpt2, answer-logprob + 0.3*kl-reverse, 1, 14",
    "gpt_neox, answer-prob - 0.5*kl, 0.9, 24",
    "gpt_neox, exact-match + kl-reverse, 1, 25",
    "gemma, answer-prob - 0.5*kl, 0.8, 26",
    "gemma, logit-diff + kl-reverse, 1, 27",
    "gemma, exact-match, 1.2, 28",
    "llama, length, 1, 17",
    "gpt2, length, 0.7, 18",
    "gpt2, answer-prob - 0.01*length + 0.5*kl, 1.2, 19",
    "llama, contains(\"0\"), 0.8, 20",
    "gpt2, 2*contains(\"1 0\") - contains(wrong), 1, 21",
    "llama, length - 3*contains(\"0\") + regex(\"^1\") + 0.2*exact-match + kl-reverse, 1, 22",
  })
  void theExpectedGradientIsTheExactOne(
      String family, String objectiveText, double temperature, long seed) {
    Objective objective = Objective.parse(objectiveText);
    Sampling sampling =
        new Sampling(temperature, 3, Set.of(3), StopRule.onTokens(0, 0), new int[] {1});
    List<Rollout> rollouts = Enumeration.of(sampling, 4);
    double alpha = 0.37;
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      double[] gates = new double[naive.graph().cells()];
      Arrays.fill(gates, alpha);
      ExactObjective.Gradient exact =
          new ExactObjective(naive, PAIR, sampling, objective, rollouts).at(gates);
      TranscriptScorer scorer =
          new TranscriptScorer(
              GatedModel.of(model.decoder()), objective, temperature, LawOutcomes.of(objective));
      List<Transcript> transcripts =
          rollouts.stream().map(r -> new Transcript(PAIR, r, sampling.answerPrefix())).toList();
      GroupGradient gradient =
          scorer.gradients(List.of(new Group(alpha, transcripts, Baseline.EXACT))).getFirst();

      assertThat(Arrays.stream(gradient.weights().rollout()).sum()).isCloseTo(1, within(1e-12));
      double scale = largest(exact.direct()) + largest(exact.throughCot());
      assertClose(gradient.direct(), exact.direct(), scale);
      assertClose(gradient.throughCot(), exact.throughCot(), scale);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, answer-prob - 0.5*kl-reverse, 0.6, 15",
    "gpt2, answer-logprob + kl, 1.4, 16",
    "gpt2, 0.3*length - contains(\"1 0\"), 0.9, 23",
    "gpt_neox, answer-prob + kl, 0.9, 29",
    "gemma, answer-prob + kl, 0.9, 30"
  })
  void longAnswersAndPaddedNeighboursChangeNothing(
      String family, String objectiveText, double temperature, long seed) {
    Objective objective = Objective.parse(objectiveText);
    Sampling sampling =
        new Sampling(temperature, 2, Set.of(3), StopRule.onTokens(2), new int[] {1, 0});
    List<PromptPair> pairs =
        List.of(
            new PromptPair(
                "a", new int[] {1, 2}, new int[] {1, 3}, new int[] {2, 0, 1}, new int[] {1}),
            new PromptPair(
                "b",
                new int[] {0, 2, 2, 1, 3},
                new int[] {0, 1, 2, 1, 3},
                new int[] {1},
                new int[] {2}));
    List<Rollout> rollouts = Enumeration.of(sampling, 4);
    double[] alpha = {0.81, 0.23};
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      TranscriptScorer scorer =
          new TranscriptScorer(
              GatedModel.of(model.decoder()), objective, temperature, LawOutcomes.of(objective));
      List<Group> groups = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        PromptPair pair = pairs.get(i);
        groups.add(
            new Group(
                alpha[i],
                rollouts.stream()
                    .map(r -> new Transcript(pair, r, sampling.answerPrefix()))
                    .toList(),
                Baseline.EXACT));
      }
      List<GroupGradient> gradients = scorer.gradients(groups);
      for (int i = 0; i < 2; i++) {
        double[] gates = new double[naive.graph().cells()];
        Arrays.fill(gates, alpha[i]);
        ExactObjective.Gradient exact =
            new ExactObjective(naive, pairs.get(i), sampling, objective, rollouts).at(gates);
        double scale = largest(exact.direct()) + largest(exact.throughCot());
        assertClose(gradients.get(i).direct(), exact.direct(), scale);
        assertClose(gradients.get(i).throughCot(), exact.throughCot(), scale);
      }
    }
  }

  private static org.assertj.core.data.Offset<Double> within(double offset) {
    return org.assertj.core.data.Offset.offset(offset);
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }

  private static void assertClose(double[] actual, double[] expected, double scale) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int cell = 0; cell < actual.length; cell++) {
      // 1e-9 of the largest gradient: both sides are float64, summed in different orders.
      assertThat(actual[cell]).as("cell %d", cell).isCloseTo(expected[cell], within(1e-9 * scale));
    }
  }
}
