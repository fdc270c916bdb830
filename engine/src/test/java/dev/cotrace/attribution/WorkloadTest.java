package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.PromptPair;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WorkloadTest {
  @Test
  void aBudgetThatOnlyTheLongestRolloutsExceedIsRefusedBeforeSampling() {
    try (TinyModel model = TinyModel.llama(1, 1, 4)) {
      // 4 tokens of prompt b, 28 sampled, one of the prefix: 33 of 32 positions.
      assertThatThrownBy(() ->
              Tiny.work(model, Tiny.task(28, Tiny.PAIRS), "answer-prob", Tiny.sampled(2, 1, 8, 1)))
          .hasMessageContaining("pair b")
          .hasMessageContaining("need 33 positions");
    }
  }

  @Test
  void anIdOutsideTheVocabularyIsRefusedByName() {
    PromptPair stray =
        new PromptPair("stray", new int[] {1, 4}, new int[] {1, 2}, new int[] {0}, new int[] {1});
    try (TinyModel model = TinyModel.llama(1, 1, 4)) {
      assertThatThrownBy(
              () -> Tiny.work(model, Tiny.task(2, List.of(stray)), "kl", Tiny.sampled(2, 2, 8, 1)))
          .hasMessage("pair stray has the token id 4, but the model's ids are 0 to 3");
    }
  }
}
