package dev.cotrace.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.SampledText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutcomeLibraryTest {
  private static final TextCodec LETTERS = new LetterCodec(OptionalInt.empty());

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          contains("Paris")       | to Paris, then Rome | 1
          contains("paris")       | to Paris, then Rome | 0
          contains(answer)        | 1+6=7               | 1
          contains(wrong)         | 1+6=7               | 0
          contains("{answer}")    | 1+6=7               | 0
          contains(" ")           | to Paris            | 1
          contains("\\n")          | to Paris            | 0
          regex("[0-9]+=")        | 1+6=7               | 1
          regex("^\\d=")          | 1+6=7               | 0
          regex("(?i)PARIS$")     | to Paris            | 1
          exact-match             | 1+6=7               | 1
          count("a")              | banana              | 3
          """)
  void outcomesReadTheSampledText(String term, String text, double value) throws IOException {
    assertThat(values(LETTERS, term, Sampled.text("", text, " 7", "8"))).containsExactly(value);
  }

  @ParameterizedTest
  @CsvSource({
    "contains(\"1 2\"), 3 1 2, 1",
    "contains(\"1 2\"), 11 2, 0",
    "contains(\"1\"), 11 2 1 5, 1",
    "contains(answer), 17 2, 0",
    "contains(answer), 17 7, 1",
    "exact-match, 17, 0",
    "exact-match, 1 7, 1",
  })
  void tokenIdsAreComparedWhole(String term, String text, double value) throws IOException {
    assertThat(values(null, term, Sampled.text("", text, "7", "8"))).containsExactly(value);
  }

  private static double[] values(@Nullable TextCodec codec, String term, SampledText text)
      throws IOException {
    Objective objective = Objective.parse(term);
    try (Outcomes outcomes = library(codec).bind(objective)) {
      return outcomes.bound().sequencedValues().getFirst().values(List.of(text));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          magic             | unknown term 'magic'; there are kl, kl-reverse, answer-logprob, answer-prob, logit-diff, prob-diff, answer-kl, length, exact-match, contains, regex, judge, external, count (found on the class path)
          contains          | contains needs one text in quotes
          contains("")      | contains needs one text in quotes
          contains(prompt)  | got prompt
          contains("a","b") | got ["a", "b"]
          regex             | regex needs one pattern in quotes
          regex("(")        | regex cannot read the pattern '(': Unclosed group near index 1
          judge("x")        | judge takes nothing in brackets, got ["x"]
          exact-match(a)    | exact-match takes nothing in brackets, or number, or boxed; got [a]
          """)
  void whatNoOutcomeCanReadIsRefused(String term, String said) {
    assertThatThrownBy(() -> OutcomeLibrary.check(Objective.parse("kl + " + term)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(said);
  }

  @Test
  void aPatternThatGoesTooDeepIsToldFromABug() {
    String text = "ab".repeat(100_000);
    assertThatThrownBy(() -> values(LETTERS, "regex(\"^(a|b)*$\")", Sampled.text(text)))
        .hasMessageContaining("goes too deep on a text of 200000 characters");
  }

  @Test
  void whatWasOpenedIsClosedWhenTheNextFails() {
    List<String> closed = new ArrayList<>();
    OutcomeLibrary library =
        new OutcomeLibrary(
            LETTERS,
            "",
            () -> new Closing(closed),
            () -> {
              throw new IOException("no program");
            });
    assertThatThrownBy(() -> library.bind(Objective.parse("judge + external")))
        .hasMessage("no program");
    assertThat(closed).containsExactly("judge");
  }

  private record Closing(List<String> closed) implements dev.cotrace.rollout.Outcome {
    @Override
    public String name() {
      return "judge";
    }

    @Override
    public double[] values(List<SampledText> texts) {
      return new double[texts.size()];
    }

    @Override
    public void close() {
      closed.add(name());
    }
  }

  private static OutcomeLibrary library(@Nullable TextCodec codec) {
    OutcomeLibrary.Source none =
        () -> {
          throw new IOException("not asked for");
        };
    return new OutcomeLibrary(codec, "", none, none);
  }
}
