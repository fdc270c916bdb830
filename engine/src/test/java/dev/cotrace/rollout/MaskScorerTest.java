package dev.cotrace.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.MaskScorer.MaskGradient;
import dev.cotrace.rollout.TranscriptScorer.Group;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With all chains of thought listed, the gradient at any gates is the exact one. */
final class MaskScorerTest {
  private static final List<PromptPair> PAIRS =
      List.of(
          new PromptPair("a", new int[] {1, 2}, new int[] {1, 3}, new int[] {2, 0}, new int[] {1}),
          new PromptPair(
              "b",
              new int[] {0, 2, 2, 1, 3},
              new int[] {0, 1, 2, 1, 3},
              new int[] {1},
              new int[] {2}));

  @ParameterizedTest(name = "{0}, {1}, seed {3}")
  @CsvSource({
    "llama, answer-prob - 0.5*kl-reverse, 0.8, 1",
    "gpt2, answer-logprob + kl, 1, 2",
    "gpt_neox, exact-match + 0.3*length, 0.7, 3",
    "gemma, answer-prob + kl, 1.2, 4",
    "llama, contains(\"0\") - prob-diff, 1, 5",
    "gpt2, logit-diff, 1, 6"
  })
  void theGradientIsTheExactOne(
      String family, String objectiveText, double temperature, long seed) {
    Objective objective = Objective.parse(objectiveText);
    Sampling sampling =
        new Sampling(temperature, 2, Set.of(3), StopRule.onTokens(2), new int[] {1, 0});
    List<Rollout> rollouts = Enumeration.of(sampling, 4);
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      double[] z = gates(naive.graph().cells(), seed);
      double[] expected = new double[z.length];
      double value = 0;
      List<Group> groups = new ArrayList<>();
      for (PromptPair pair : PAIRS) {
        ExactObjective.Gradient exact =
            new ExactObjective(naive, pair, sampling, objective, rollouts).at(z);
        Arrays.setAll(
            expected, cell -> expected[cell] + exact.direct()[cell] + exact.throughCot()[cell]);
        value += exact.value();
        groups.add(
            new Group(
                Double.NaN,
                rollouts.stream()
                    .map(r -> new Transcript(pair, r, sampling.answerPrefix()))
                    .toList(),
                Baseline.EXACT));
      }
      TranscriptScorer scorer =
          new TranscriptScorer(
              GatedModel.of(model.decoder()),
              objective,
              temperature,
              LawOutcomes.of(objective),
              new Corruption.Same());
      MaskGradient gradient =
          new MaskScorer(scorer).gradient(new Gates.PerEdge(naive.graph(), z), groups);

      assertThat(gradient.value()).isCloseTo(value, offset(1e-10));
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      for (int cell : naive.graph().edgeCells()) {
        assertThat(gradient.gradient()[cell])
            .as("%s", naive.graph().edge(cell))
            .isCloseTo(expected[cell], offset(1e-9 * largest));
      }
    }
  }

  /** Some gates open, some shut, the others between. */
  private static double[] gates(int cells, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] z = new double[cells];
    Arrays.setAll(z, _ -> Math.clamp(random.nextDouble(-0.3, 1.3), 0, 1));
    return z;
  }
}
