package dev.cotrace.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ObjectiveTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "kl",
        "- kl",
        "0.0001*kl",
        "answer-prob - 1e-3*kl-reverse",
        "2E+7*logit-diff",
        "20000000*exact-match + 0.1*kl"
      })
  void whatIsPrintedIsReadBack(String text) {
    Objective objective = Objective.parse(text);
    assertThat(Objective.parse(objective.toString())).isEqualTo(objective);
  }

  @ParameterizedTest
  @ValueSource(strings = {"answer-prob + 0*kl", "kl + answer-prob - kl"})
  void termsThatCancelOutAreNoParts(String text) {
    assertThat(Objective.parse(text)).isEqualTo(Objective.parse("answer-prob"));
    assertThat(Objective.parse(text).readsClean()).isFalse();
  }

  @Test
  void anObjectiveWithoutAnyWeightIsRefused() {
    assertThatThrownBy(() -> Objective.parse("0*kl")).hasMessageContaining("not zero");
  }
}
