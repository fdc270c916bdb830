package dev.cotrace.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Rotary;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.SampledText;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskTokensTest {
  private static final TextCodec LETTERS = new LetterCodec(OptionalInt.of('^'));
  private static final TaskSettings PLAIN = TaskSettings.DEFAULTS;

  @Test
  void noBeginTokenIsAddedUnlessAskedFor() {
    TaskPair pair = text("ab", "ac");
    assertThat(task(LETTERS, PLAIN, pair).pairs().getFirst().clean()).containsExactly('a', 'b');
    assertThat(task(LETTERS, settings(false, true), pair).pairs().getFirst().clean())
        .containsExactly('^', 'a', 'b');
  }

  @Test
  void aBeginTokenThatTheTokenizerLacksIsAnError() {
    TextCodec none = new LetterCodec(OptionalInt.empty());
    assertThatThrownBy(() -> task(none, settings(false, true), text("ab", "ac")))
        .hasMessageContaining("bos is true, but the tokenizer names no beginning-of-sequence");
  }

  @Test
  void chatPutsTextIntoTheTemplateAndNoBeginTokenBeforeIt() {
    Task task = task(LETTERS, settings(true, true), text("ab", "ac"));
    assertThat(LETTERS.decode(task.pairs().getFirst().clean())).isEqualTo("user>ab|>");
  }

  @Test
  void promptsOfUnequalLengthAreShownAligned() {
    assertThatThrownBy(() -> task(LETTERS, PLAIN, text("one apple", "one app")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("task, line 1")
        .hasMessageContaining("9 clean and 7 corrupted")
        .hasMessageContaining("112 'p'  108 'l'  101 'e'")
        .hasMessageContaining("112 'p'  –        –");
  }

  @Test
  void alignmentKeepsEqualEndingsUnderEachOther() {
    String shown = new TokenText(LETTERS).aligned(LETTERS.encode("abxz"), LETTERS.encode("abz"));
    assertThat(shown)
        .isEqualTo(
            "\n  clean      97 'a'  98 'b'  120 'x'  122 'z'"
                + "\n  corrupted  97 'a'  98 'b'  –        122 'z'");
  }

  @Test
  void aModelWithoutATokenizerTakesIdsAndRefusesText() {
    TaskPair ids =
        new TaskPair(
            "task, line 1",
            "1",
            new Words.Ids(new int[] {1, 2}),
            new Words.Ids(new int[] {1, 3}),
            new Words.Ids(new int[] {4}),
            null);
    assertThat(task(null, PLAIN, ids).pairs().getFirst().answer()).containsExactly(4);
    assertThatThrownBy(() -> task(null, PLAIN, text("ab", "ac")))
        .hasMessageContaining("task, line 1: this is text, but the model has no tokenizer");
  }

  @Test
  void anIdOutsideTheVocabularyIsRefused() {
    assertThatThrownBy(() -> task(LETTERS, PLAIN, text("a\u1234", "ab")))
        .hasMessageContaining("token id 4660 is not one of the model's 256");
  }

  @Test
  void theShorterPromptIsPaddedOnTheStatedSide() {
    PromptPair left = pair(settings("same", List.of(), "pad-left", "_"), text("abc", "x"));
    assertThat(LETTERS.decode(left.corrupted())).isEqualTo("__x");
    PromptPair right = pair(settings("same", List.of(), "pad-right", "_"), text("a", "xyz"));
    assertThat(LETTERS.decode(right.clean())).isEqualTo("a__");
    assertThat(right.alignment()).isEmpty();
    assertThatThrownBy(() -> pair(settings("same", List.of(), "pad-left", ""), text("abc", "x")))
        .hasMessage("--align pad-left needs --pad-token: give the token to pad with");
    assertThatThrownBy(() -> pair(settings("same", List.of(), "pad-left", "ab"), text("abc", "x")))
        .hasMessage("--pad-token: 'ab' must be one token of the model, but is 2: 97 'a' 98 'b'");
  }

  @Test
  void aPairsOwnAlignmentIsTakenWhenItFits() {
    TaskPair good = aligned("abc", "xy", List.of(1, 0, 1));
    assertThat(pair(PLAIN, good).alignment()).containsExactly(1, 0, 1);
    for (List<Integer> bad :
        List.of(List.of(0, 1), List.of(0, 1, 0), List.of(0, 2, 1), List.of(0, 0, 0, 1))) {
      assertThatThrownBy(() -> pair(PLAIN, aligned("abc", "xy", bad)))
          .hasMessageContaining(
              "align must list, for each of the 3 clean tokens, one of the corrupted positions 0 to 1, the last for the last; got "
                  + bad);
    }
  }

  @Test
  void constantsAndNoiseNeedNoCorruptedPrompt() {
    TaskPair alone = new TaskPair("task, line 1", "1", new Words.Text("ab"), null, null, null);
    TaskTokens tokens = new TaskTokens(architecture(), LETTERS);
    TaskFile file = new TaskFile(Path.of("task"), List.of(alone));
    Corruption zero = new Corruption.Constant(SourceValues.zero(3, 2));
    assertThat(tokens.task(file, PLAIN, Outcomes.NONE, zero).pairs().getFirst().corrupted())
        .isEmpty();
    Corruption noise = new Corruption.Noise(1, 0);
    assertThat(tokens.task(file, PLAIN, Outcomes.NONE, noise).pairs().getFirst().corrupted())
        .containsExactly('a', 'b');
    assertThatThrownBy(() -> tokens.task(file, PLAIN, Outcomes.NONE))
        .hasMessageContaining("task, line 1: the pair has neither corrupted nor corrupted_ids");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      textBlock =
          """
          a => b|b|b|c|d
          a => b;b => a|b|a|c|d
          s/[ab]/d/|d|d|c|d
          s#([a-c])#d#;a => c|d|d|d|d
          s/^(a)$/b/;s/^b$/a/|b|a|c|d
          """)
  void tokensAreMappedByTextsAndExpressions(String entries, char a, char b, char c, char d) {
    int[] partner = partners(entries.split(";"));
    assertThat(partner).hasSize(LetterCodec.VOCABULARY);
    assertThat(new int[] {partner['a'], partner['b'], partner['c'], partner['d'], partner['z']})
        .containsExactly(a, b, c, d, 'z');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ab => c    | --corruption-map: 'ab' must be one token of the model, but is 2: 97 'a' 98 'b'
          a => bc    | --corruption-map: 'bc' must be one token of the model, but is 2: 98 'b' 99 'c'
          a => b;a => c | --corruption-map: 'a => c' is the second entry for its token; leave one out
          a => a     | --corruption-map: 'a => a' changes no token; leave it out or mend it
          s/ab/5/    | --corruption-map: 's/ab/5/' changes no token; leave it out or mend it
          a b        | --corruption-map: expected FROM => TO or s/REGEX/REPLACEMENT/, got 'a b'
          s/a/b      | --corruption-map: expected FROM => TO or s/REGEX/REPLACEMENT/, got 's/a/b'
          s/a/bb/    | --corruption-map: 's/a/bb/' makes 'bb' of the token 97 'a', which is no token of the model
          s/(a/b/    | --corruption-map: cannot read 's/(a/b/': Unclosed group near index 2
          s/a/$1/    | --corruption-map: cannot read 's/a/$1/': No group 1
          """)
  void anEntryThatMapsNoTokensIsRefused(String entry, String said) {
    assertThatThrownBy(() -> partners(entry.split(";")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(said);
  }

  @Test
  void aModelWithoutATokenizerMapsIds() {
    TaskTokens tokens = new TaskTokens(architecture(), null);
    int[] partner = tokens.partners(settings("map", List.of("3 => 5"), "", ""));
    assertThat(partner[3]).isEqualTo(5);
    assertThatThrownBy(() -> tokens.partners(settings("map", List.of("3 => 256"), "", "")))
        .hasMessageContaining("must be a token id from 0 to 255, got '256'");
    assertThatThrownBy(() -> tokens.partners(settings("map", List.of(), "", "")))
        .hasMessageContaining("--corruption map needs --corruption-map");
  }

  private static int[] partners(String... entries) {
    return new TaskTokens(architecture(), LETTERS)
        .partners(settings("map", List.of(entries), "", ""));
  }

  private static PromptPair pair(TaskSettings settings, TaskPair pair) {
    return task(LETTERS, settings, pair).pairs().getFirst();
  }

  private static TaskPair aligned(String clean, String corrupted, List<Integer> align) {
    return new TaskPair(
        "task, line 1", "1", new Words.Text(clean), new Words.Text(corrupted), null, null, align);
  }

  private static TaskSettings settings(
      String corruption, List<String> map, String align, String padToken) {
    return new TaskSettings(
        4,
        1,
        List.of(),
        List.of(),
        "",
        List.of(),
        "",
        false,
        false,
        corruption,
        map,
        "",
        align,
        padToken,
        "sentence");
  }

  @ParameterizedTest
  @CsvSource({"ab=, true", "=, true", "ab, false", "a=bc, false"})
  void aStopTextIsSeenWhenItsLastTokenComes(String sampled, boolean stops) {
    StopRule rule = new StopOnText(LETTERS, List.of("="));
    int[] tokens = LETTERS.encode(sampled);
    assertThat(rule.stopsAfter(tokens, tokens.length)).isEqualTo(stops);
  }

  @Test
  void aLongStopTextMaySpanManyTokens() {
    StopRule rule = new StopOnText(LETTERS, List.of("the end"));
    int[] tokens = LETTERS.encode("this is the end");
    assertThat(rule.stopsAfter(tokens, tokens.length)).isTrue();
    assertThat(rule.stopsAfter(tokens, tokens.length - 1)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          1+6 Answer: 7           | Answer: | 7   | true
          1+6 Answer: 7.          | Answer: | 7   | true
          Answer: 7 apples        | Answer: | 7   | true
          Answer: 72              | Answer: | 7   | false
          Answer: 7.5             | Answer: | 7   | false
          Answer: 1 Answer: 7     | Answer: | 7   | true
          Answer: 7 Answer: 1     | Answer: | 7   | false
          it is 7                 | Answer: | 7   | false
          Answer: Paris, France   | Answer: | Paris | true
          Answer: Parisian        | Answer: | Paris | false
          it is 7                 | ``      | 7   | true
          it is 7!                | ``      | 7   | true
          it is 17                | ``      | 7   | false
          7 it is                 | ``      | 7   | false
          """)
  void exactMatchFindsTheAnswerAndNoLongerOne(
      String text, String marker, String answer, boolean matches) {
    PromptPair pair =
        new PromptPair("1", new int[] {1}, new int[] {2}, LETTERS.encode(answer), new int[0]);
    Rollout rollout = new Rollout(LETTERS.encode(text), Rollout.Finish.BUDGET);
    assertThat(
            new ExactMatch(marker).values(List.of(SampledText.of(pair, rollout, LETTERS::decode))))
        .containsExactly(matches ? 1 : 0);
  }

  private static Task task(@Nullable TextCodec codec, TaskSettings settings, TaskPair... pairs) {
    TaskFile file = new TaskFile(Path.of("task"), List.of(pairs));
    return new TaskTokens(architecture(), codec).task(file, settings, Outcomes.NONE);
  }

  private static TaskPair text(String clean, String corrupted) {
    return new TaskPair(
        "task, line 1", "1", new Words.Text(clean), new Words.Text(corrupted), null, null);
  }

  private static TaskSettings settings(boolean chat, boolean bos) {
    return new TaskSettings(4, 1, List.of(), List.of(), "", List.of(), "", chat, bos);
  }

  private static Architecture architecture() {
    return Architecture.llama(
        Architecture.Attention.plain(1, 1, 1, 2, Rotary.NONE),
        2,
        2,
        LetterCodec.VOCABULARY,
        64,
        1e-6,
        true,
        Set.of(7));
  }
}
