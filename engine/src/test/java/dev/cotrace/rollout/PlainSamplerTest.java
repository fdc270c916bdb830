package dev.cotrace.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.TinyModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainSamplerTest {
  private static final int[] NO_ANSWER = {};

  /** Two programs that share the forward pass only, so each is the other's referee. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gemma"})
  void itDrawsWhatTheGatedSamplerDrawsAtGatesOne(String family) {
    int tokens = 12;
    int rollouts = 3;
    Randomness randomness = new Randomness(7);
    List<int[]> prompts = List.of(new int[] {3, 1, 4}, new int[] {1, 5, 2});
    try (TinyModel model = TinyModel.of(family, 5, 2, 6)) {
      List<Sampler.Request> requests = new ArrayList<>();
      for (int[] prompt : prompts) {
        PromptPair pair = new PromptPair("pair", prompt, new int[] {0, 0, 0}, NO_ANSWER, NO_ANSWER);
        requests.add(new Sampler.Request(pair, requests.size(), rollouts));
      }
      Sampling sampling = new Sampling(0.8, tokens, Set.of(), StopRule.NEVER, new int[0]);
      List<int[]> gated =
          new Sampler(GatedModel.of(model.decoder()), sampling, randomness)
                  .sample(
                      new Gates.Uniform(new double[] {1, 1}),
                      requests,
                      new Scheme.Independent(Baseline.NONE))
                  .stream()
                  .flatMap(sample -> sample.rollouts().stream())
                  .map(Rollout::tokens)
                  .toList();

      int[][] plain =
          new PlainSampler(model.decoder(), 0.8, randomness).sample(prompts, rollouts, tokens);

      assertThat(plain).isDeepEqualTo(gated.toArray(int[][]::new));
    }
  }

  @Test
  void promptsOfUnequalLengthAndNoTokensAreRefused() {
    try (TinyModel model = TinyModel.llama(5, 1, 6)) {
      PlainSampler sampler = new PlainSampler(model.decoder(), 1, new Randomness(1));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> sampler.sample(List.of(new int[2], new int[3]), 1, 1))
          .withMessageContaining("prompts of equal length")
          .withMessageContaining("[2, 3]");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> sampler.sample(List.of(new int[2]), 1, 0))
          .withMessageContaining("at least one token");
    }
  }
}
