package dev.cotrace.truth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cotrace.DiscoveryListener;
import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.RunListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compiled models against what their programs say, written down once more as plain arithmetic. */
class ProgramTest {
  private static final int DIGITS = 4;
  private static final String TOKENS = "0123:";
  private static final Set<Integer> ANY = Set.of(0, 1, 2, 3);

  @TempDir private Path folder;

  /** Over all texts, also those that make no sense. */
  @ParameterizedTest
  @MethodSource("dev.cotrace.truth.KnownCircuit#all")
  void theModelWritesAndAnswersWhatTheProgramSays(KnownCircuit known) throws IOException {
    KnownFolder files = KnownFolder.write(known, folder);
    Path task =
        files.task("task", known, 4, RandomGeneratorFactory.of("L64X128MixRandom").create(2));
    Map<String, Object> flags =
        Map.of(
            "model",
            files.model().toString(),
            "task",
            task.toString(),
            "estimator",
            "enumerate",
            "dtype",
            "float64");
    try (Trial trial = Trial.open(flags, DiscoveryListener.SILENT)) {
      double expected =
          trial.pairs().stream()
              .mapToDouble(pair -> answered(known, text(pair.clean()), pair.answer()[0]))
              .average()
              .orElseThrow();
      Evaluation evaluation = new Evaluation(trial.workload(Map.of()), RunListener.SILENT);
      assertThat(evaluation.clean().value()).isCloseTo(expected, within(1e-7));
    }
  }

  @Test
  void aProgramThatMakesNoSenseIsRefused() {
    Register small = new Register("small", 2);
    assertThatThrownBy(() -> small.at(2)).hasMessageContaining("register small holds values below");
    assertThatThrownBy(() -> Head.copy(new Attend.Back(1), Program.TOKEN, small))
        .hasMessageContaining("between registers of one size");
    Program.Layer empty = new Program.Layer(List.of(), List.of());
    assertThatThrownBy(() -> new Program(List.of(small, small), List.of(empty), false))
        .hasMessageContaining("two registers have one name");
    Head head = Head.copy(new Attend.Back(1), Program.TOKEN, Program.TOKEN);
    Program.Layer other = new Program.Layer(List.of(head), List.of());
    assertThatThrownBy(() -> new Program(List.of(), List.of(empty, other), false))
        .hasMessageContaining("equally many heads");
  }

  private static String text(int[] ids) {
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(TOKENS.charAt(id));
    }
    return text.toString();
  }

  /** The probability of {@code answer} after all chains of thought that go on from {@code text}. */
  private static double answered(KnownCircuit known, String text, int answer) {
    Set<Integer> said = said(known.name(), text);
    if (text.length() == text.indexOf(':') + 1 + known.thought()) {
      return probability(answer, said);
    }
    double sum = 0;
    for (int token = 0; token < TOKENS.length(); token++) {
      sum += probability(token, said) * answered(known, text + TOKENS.charAt(token), answer);
    }
    return sum;
  }

  /** Said tokens have a logit of six above the others. */
  private static double probability(int token, Set<Integer> said) {
    double all = said.size() * Math.exp(6) + TOKENS.length() - said.size();
    return (said.contains(token) ? Math.exp(6) : 1) / all;
  }

  /** The tokens that the program says after {@code text}; none where it says nothing. */
  private static Set<Integer> said(String program, String text) {
    int[] t = text.chars().map(TOKENS::indexOf).toArray();
    int words = text.length() - text.indexOf(':') - 1;
    if (words == 0) {
      return ANY;
    }
    int r = t[t.length - words]; // the first word
    int last = t[t.length - 1];
    return switch (program + " " + words) {
      case "through 1" -> sum(r, t[0] == t[4] ? t[1] : t[3]);
      case "through 2" -> difference(last, r);
      case "around 1", "mixed 1", "relay 1" -> sum(r, t[0]);
      case "around 2" -> r == 0 || r >= DIGITS ? Set.of() : sum(t[1], t[2]);
      case "mixed 2", "relay 2" ->
          last >= DIGITS || r >= DIGITS ? Set.of() : sum((last - r + DIGITS) % DIGITS, t[1]);
      case "relay 3" -> sum(last, 0);
      default -> throw new IllegalStateException(program + " has no word " + words);
    };
  }

  private static Set<Integer> sum(int a, int b) {
    return a >= DIGITS || b >= DIGITS ? Set.of() : Set.of((a + b) % DIGITS);
  }

  private static Set<Integer> difference(int a, int b) {
    return a >= DIGITS || b >= DIGITS ? Set.of() : Set.of((a - b + DIGITS) % DIGITS);
  }
}
