package dev.cotrace.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.rollout.OutcomeTerm.Argument;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code exact-match(number)} and {@code exact-match(boxed)} find in sampled texts. */
class AnswerFormsTest {
  private static final int MILLION = 1_000_000;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          9 * 2 = 18.\\n#### 18                       | 18
          #### 1,000                                  | 1000
          ####$1,000.00                               | 1000
          #### 18 dollars, 3 more than 15             | 18
          ####                                        | none
          12 #### nothing                             | 12
          #### 3\\n#### 4                             | 4
          So she makes $18 every day.                 | 18
          The answer is 1,234,567.                    | 1234567
          It costs \\$2.50.                           | 2.5
          We get 7.                                   | 7
          x = .5                                      | 0.5
          5-3                                         | 3
          5 - 3                                       | 3
          it fell to -3 degrees                       | -3
          it fell to \u22123 degrees                  | -3
          a loss of -$40                              | -40
          a loss of $-40                              | -40
          -\u20ac40                                   | -40
          (7)-2                                       | 2
          1,2,3                                       | 3
          12,34                                       | 34
          1234,567                                    | 567
          0007                                        | 7
          -0.00                                       | 0
          1.50                                        | 1.5
          10%                                         | 10
          3.14.15                                     | 15
          1.                                          | 1
          \uff11\uff18                                | 18
          \u0661\u0668                                | 18
          \ud835\udfcf\ud835\udfd6                    | 18
          no number                                   | none
          """)
  void theNumberOfAText(String text, String number) {
    assertThat(NumberAnswer.of(text.replace("\\n", "\n")).orElse("none")).isEqualTo(number);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          so $\\boxed{42}$.                           | 42
          \\boxed{1} then \\boxed{2}                  | 2
          \\boxed{1} then \\boxed{2                   | 1
          \\boxed{\\frac{1}{2}}                       | \\frac{1}{2}
          \\boxed {3}                                 | 3
          \\boxed 3$                                  | 3
          \\fbox{x}                                   | x
          \\boxed{\\boxed{3}}                         | 3
          \\boxed{\\{1, 2\\}}                         | \\{1, 2\\}
          \\boxed{a}} } }                             | a
          {{{ \\boxed{a}                              | a
          \\boxed{}                                   | ``
          \\boxed                                     | none
          boxed{3}                                    | none
          \\\\boxed{3}                                | 3
          """)
  void theBoxOfAText(String text, String box) {
    assertThat(BoxedAnswer.last(text).orElse("none")).isEqualTo(box);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          \\frac12                  | \\frac{1}{2}
          \\dfrac{1}{2}             | \\frac{1}{2}
          \\tfrac 1 2               | \\frac{1}{2}
          1/2                       | \\frac{1}{2}
          -3/4                      | -3/4
          \\frac{1}2                | \\frac{1}{2}
          \\frac{\\frac12}{3}       | \\frac{\\frac{1}{2}}{3}
          \\left( 1, 2 \\right)     | (1,2)
          \\left[0,1\\right)        | [0,1)
          5\\text{ cm}              | 5
          5\\mbox{ cm}^2            | 5
          10\\,\\text{km}           | 10
          \\text{Monday}            | Monday
          90^\\circ                 | 90
          90^{\\circ}               | 90
          90°                       | 90
          25\\%                     | 25
          25%                       | 25
          \\$5.00                   | 5.00
          .5                        | 0.5
          -.5                       | -0.5
          1,000                     | 1000
          x = 7                     | 7
          x=7                       | 7
          \\sqrt3                   | \\sqrt{3}
          3 + 4 i                   | 3+4i
          12.                       | 12
          """)
  void answersThatAreWrittenAlikeAreTheSame(String one, String other) {
    assertThat(BoxedAnswer.plain(one)).isEqualTo(BoxedAnswer.plain(other));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          12                | 1
          (1,2)             | (2,1)
          1,2               | 12
          \\frac{1}{2}      | \\frac{2}{1}
          \\leftarrow       | arrow
          a \\\\ b          | ab
          x_{12}            | x_{1}2
          """)
  void answersThatDifferStayApart(String one, String other) {
    assertThat(BoxedAnswer.same(one, other)).isFalse();
  }

  @Test
  void aMillionCharactersTakeNoLongTime() {
    List<String> hostile =
        List.of(
            "9".repeat(MILLION),
            "1,".repeat(MILLION / 2),
            "\\boxed{".repeat(MILLION / 7),
            "\\boxed ".repeat(MILLION / 7),
            "{".repeat(MILLION),
            "\\boxed{" + "\\frac".repeat(MILLION / 5) + "}",
            "\\boxed{" + "\\text{".repeat(MILLION / 6) + "}".repeat(MILLION / 6) + "}",
            "\\boxed{" + "1,000".repeat(1900) + "}",
            " ".repeat(MILLION) + "{",
            "####".repeat(MILLION / 4),
            "-$".repeat(MILLION / 2));
    Assertions.assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          for (String text : hostile) {
            NumberAnswer.of(text);
            BoxedAnswer.last(text).ifPresent(BoxedAnswer::plain);
          }
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          number | ``      | 9 * 2 = 18.           | #### 18         | 1
          number | ``      | 18 and 19             | 18              | 0
          number | Answer: | 3. Answer: 18 of 20   | 18              | 1
          number | Answer: | it is 18              | 18              | 0
          number | ``      | none                  | 18              | 0
          boxed  | ``      | $\\boxed{\\dfrac12}$  | \\frac{1}{2}    | 1
          boxed  | ``      | $\\boxed{2}$          | \\boxed{2}      | 1
          boxed  | ``      | 2                     | 2               | 0
          boxed  | Final   | \\boxed{2} Final      | 2               | 0
          """)
  void theFormIsChosenInBrackets(
      String form, String marker, String text, String answer, double value) {
    ExactMatch match = new ExactMatch(marker).with(List.of(new Argument(form, false)));
    assertThat(match.values(List.of(Sampled.text("", text, answer, "")))).containsExactly(value);
  }

  @Test
  void aRightAnswerWithoutANumberIsRefused() {
    ExactMatch match = new ExactMatch("").with(List.of(new Argument("number", false)));
    assertThatThrownBy(() -> match.values(List.of(Sampled.text("", "1", "blue", ""))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs an answer with a number in it, got 'blue'");
  }

  @Test
  void theFirstNumberIsFoundToo() {
    assertThat(NumberAnswer.first("in 3 of 4")).isEqualTo(Optional.of("3"));
  }
}
