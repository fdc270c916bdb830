package dev.cotrace.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        "20000000*exact-match + 0.1*kl",
        "answer-prob - 0.01*length + 0.5*contains(\"wait\")",
        "contains(answer) - contains(wrong)",
        "regex(\"\\d+=\") + regex(\"\\\\d+=\")",
        "contains(\"a \\\"quoted\\\" word, (brackets) + and\\n\\t\\\\\")",
        "judge - 2*external",
        "own-outcome(\"x\", answer, 3, -0.5) + own-outcome",
        "  kl+2e-3 * judge  "
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
  void aBackslashNeedNotBeWrittenTwice() {
    assertThat(Objective.parse("regex(\"\\d+\")")).isEqualTo(Objective.parse("regex(\"\\\\d+\")"));
    assertThat(Objective.parse("regex(\"\\d+\")").outcomes().getFirst().arguments())
        .containsExactly(new OutcomeTerm.Argument("\\d+", true));
  }

  @Test
  void aMinusBeforeANumberIsNoHyphen() {
    assertThat(Objective.parse("answer-prob-2*kl"))
        .isEqualTo(Objective.parse("answer-prob - 2*kl"));
  }

  @Test
  void theSameOutcomeTwiceIsOnePartTwiceAsHeavy() {
    Objective objective = Objective.parse("contains(\"a\") + contains(\"a\") + contains(\"b\")");
    assertThat(objective.outcomes())
        .extracting(OutcomeTerm::label)
        .containsExactly("contains(\"a\")", "contains(\"b\")");
    assertThat(objective.weight(objective.outcomes().getFirst())).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "kl answer-prob",
        "2*",
        "contains(\"a)",
        "contains(\"a\" \"b\")",
        "contains(\"a\"",
        "kl +",
        "KL",
        "-"
      })
  void whatIsNoSumIsRefused(String text) {
    assertThatThrownBy(() -> Objective.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(" objective ");
  }

  @Test
  void termsOfTheModelTakeNothingInBrackets() {
    assertThatThrownBy(() -> Objective.parse("kl(\"a\")"))
        .hasMessageContaining("kl takes nothing in brackets");
  }

  @Test
  void theRewardToGoOfLengthCountsLaterTokensOnly() {
    Objective objective = Objective.parse("0.5*length + kl + judge");
    double[] none = new double[0];
    Measurement measured =
        new Measurement(
            new double[3],
            new double[] {10, 20, 30},
            none,
            none,
            true,
            none,
            Double.NaN,
            Map.of(OutcomeTerm.JUDGE, 7.0));
    assertThat(objective.rewardToGo(measured)).containsExactly(7 + 50 + 1, 7 + 30 + 0.5, 7);
    assertThat(objective.value(measured)).isEqualTo(7 + 60 + 1.5);
  }

  /** Gives what it was made with. */
  private record Fixed(double... given) implements Outcome {
    @Override
    public String name() {
      return "fixed";
    }

    @Override
    public double[] values(List<SampledText> texts) {
      if (given.length == 0) {
        throw new IllegalStateException("out of order");
      }
      return given;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NaN, gave NaN for a text of pair tiny",
    "-Infinity, gave -Infinity for a text of pair tiny",
    "1;2, gave 2 numbers for 1 texts",
    "'', failed: java.lang.IllegalStateException: out of order"
  })
  void anOutcomeThatGivesNonsenseIsNamed(String given, String said) {
    double[] values =
        given.isEmpty()
            ? new double[0]
            : Arrays.stream(given.split(";", -1)).mapToDouble(Double::parseDouble).toArray();
    Objective objective = Objective.parse("fixed");
    Outcomes outcomes = Outcomes.of(objective, List.of(new Fixed(values)), SampledText.Decoder.IDS);
    PromptPair pair = new PromptPair("tiny", new int[] {1}, new int[] {2}, new int[0], new int[0]);
    Rollout rollout = new Rollout(new int[] {3}, Rollout.Finish.BUDGET);
    assertThatThrownBy(
            () -> outcomes.values(objective, List.of(new Transcript(pair, rollout, new int[0]))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("the outcome fixed " + said);
  }

  @Test
  void anObjectiveWithoutAnyWeightIsRefused() {
    assertThatThrownBy(() -> Objective.parse("0*kl")).hasMessageContaining("not zero");
  }
}
