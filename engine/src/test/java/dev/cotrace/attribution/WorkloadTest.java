package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.model.TinyModel;
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
}
