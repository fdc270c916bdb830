package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Scores;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.Model;
import dev.cotrace.model.Tokenizer;
import dev.cotrace.rollout.Binning;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * METHOD §9.7 in time, on the built-in model. A chain of thought is four times {@code
 * digit>total;}, the last with {@code =}; only the digits are free. The hint is the prompt's token
 * 6, and is asked for after {@code =}.
 */
final class TimeOnBuiltInModelTest {
  /** Of a J near 1, in float32: a matrix product may round equal rows differently. */
  private static final double ROUNDING = 1e-9;

  private static final Path HOME = Path.of(System.getProperty("cotrace.root"), "models/arithmetic");
  private static final String[][] SUMS = {
    {"S8507h8:", "S8207h8:", "0", "7"},
    {"S7023h0:", "S7024h0:", "2", "3"},
    {"S3527h4:", "S3627h4:", "7", "8"},
    {"S1486h5:", "S1480h5:", "9", "3"}
  };
  private static final String[][] HINTS = {
    {"H8507h8:", "H8507h9:", "8", "9"}, {"H3527h4:", "H3527h6:", "4", "6"}
  };

  private static Model model;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(HOME, Placement.cpu(Precision.FLOAT32));
    tokenizer = Tokenizer.open(HOME);
  }

  @AfterAll
  static void close() {
    model.close();
    tokenizer.close();
  }

  @Test
  void aDigitActsThroughTheWordsWhereADigitIsChosen() {
    Attribution sums = attribute(SUMS, "step");
    // What is read before a free digit: the prompt's colon, or the semicolon after a total.
    Set<String> choices = Set.of("prompt", "step 3", "step 7", "step 11");
    double elsewhere = 0;
    double all = 0;
    for (BinScores bin : sums.byBin()) {
      double size = magnitude(bin.throughCot(), intoLogits(sums.graph()));
      all += size;
      elsewhere += choices.contains(bin.name()) ? 0 : size;
    }
    assertThat(all).isGreaterThan(0.05);
    assertThat(elsewhere).isLessThan(0.01 * all);
  }

  @Test
  void theHintIsReadAtItsPlaceAndNowhereElse() {
    Attribution hints = attribute(HINTS, "prompt-position");
    for (BinScores bin : hints.byBin()) {
      double embedding = magnitude(bin.total(), fromInput(hints.graph()));
      // The two prompts differ in that one token, and no token before it can know.
      if (bin.name().equals("position 6")) {
        assertThat(embedding).isGreaterThan(0.05);
      } else {
        assertThat(embedding).as(bin.name()).isLessThan(ROUNDING);
      }
    }
    for (BinScores bin : hints.byBin().subList(0, 6)) {
      assertThat(magnitude(bin.total(), _ -> true)).as(bin.name()).isLessThan(ROUNDING);
    }
  }

  @Test
  void theHintIsCopiedAtTheEqualsSign() {
    Attribution hints = attribute(HINTS, "marker:=");
    IntPredicate afterTheInput = cell -> !fromInput(hints.graph()).test(cell);
    double at = 0;
    double all = 0;
    for (BinScores bin : hints.byBin()) {
      double size = magnitude(bin.direct(), afterTheInput);
      all += size;
      at += bin.name().equals("0") ? size : 0;
    }
    assertThat(all).isGreaterThan(0.05);
    // Head a0.h3 fetches the hint there; what it or another head says earlier does not matter.
    assertThat(at).isGreaterThan(0.95 * all);
    int fetch = cell(hints.graph(), "a0.h3->m0");
    double fetched = hints.direct().values()[fetch];
    assertThat(bin(hints, "0").direct().values()[fetch]).isGreaterThan(0.95 * fetched);
    assertThat(fetched).isEqualTo(largest(hints.direct(), afterTheInput));
  }

  private static IntPredicate intoLogits(ComputationGraph graph) {
    return cell -> cell % graph.targets() == graph.logitsTarget();
  }

  private static IntPredicate fromInput(ComputationGraph graph) {
    return cell -> cell / graph.targets() == graph.inputSource();
  }

  private static int cell(ComputationGraph graph, String name) {
    return Arrays.stream(graph.edgeCells())
        .filter(cell -> graph.edge(cell).toString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static BinScores bin(Attribution attribution, String name) {
    return attribution.byBin().stream()
        .filter(bin -> bin.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static double magnitude(Scores scores, IntPredicate which) {
    double sum = 0;
    for (int cell = 0; cell < scores.values().length; cell++) {
      sum += which.test(cell) ? Math.abs(scores.values()[cell]) : 0;
    }
    return sum;
  }

  private static double largest(Scores scores, IntPredicate which) {
    double largest = 0;
    for (int cell = 0; cell < scores.values().length; cell++) {
      largest = which.test(cell) ? Math.max(largest, scores.values()[cell]) : largest;
    }
    return largest;
  }

  private static Attribution attribute(String[][] texts, String binning) {
    List<PromptPair> pairs =
        Arrays.stream(texts)
            .map(t -> new PromptPair(t[0], ids(t[0]), ids(t[1]), ids(t[2]), ids(t[3])))
            .toList();
    Sampling sampling =
        new Sampling(
            1, 16, model.architecture().endTokens(), StopRule.onTokens(ids("=")), new int[0]);
    Task task = new Task(pairs, sampling, Outcomes.NONE);
    Workload work =
        new Workload(
            GatedModel.of(model.decoder()),
            task,
            Objective.parse("answer-prob"),
            // All of the rise of J lies between gates 0.7 and 0.95.
            new Settings(Settings.Estimator.SAMPLED, 8, 1, Quadrature.MIDPOINT, 10, 128, 2, 1),
            Binning.parse(binning).of(task, tokenizer::pieces));
    return new IntegratedGradient(work, RunListener.SILENT).attribute();
  }

  private static int[] ids(String text) {
    return tokenizer.encode(text);
  }
}
