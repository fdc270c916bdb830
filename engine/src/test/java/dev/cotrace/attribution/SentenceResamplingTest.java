package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.SentenceScore;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.TokenStrings;
import dev.cotrace.rollout.Transcript;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a sentence is worth is what the clean model's continuations are worth. */
final class SentenceResamplingTest {
  /** A vocabulary in which the id 1 ends a sentence and 3 a rollout. */
  private static final TokenStrings TEXT =
      ids -> Arrays.stream(ids).mapToObj(id -> List.of("a ", "b. ", "c ", "").get(id)).toList();

  /** Of a sum of a few numbers of order 1. */
  private static final Offset<Double> ROUNDING = Offset.offset(1e-12);

  private static final double BOUND =
      NormalDistribution.of(0, 1).inverseSurvivalProbability(1e-4 / 2 / 4);

  /** Every chain of thought with its probability and F at gate 1. */
  private record Exact(List<String> texts, List<Double> probabilities, List<Double> values) {
    static Exact of(Workload work) {
      List<Rollout> rollouts = Enumeration.of(work.task().sampling(), work.model().vocabulary());
      int[] prefix = work.task().sampling().answerPrefix();
      List<Transcript> transcripts =
          rollouts.stream()
              .map(r -> new Transcript(work.task().pairs().getFirst(), r, prefix))
              .toList();
      double[] ones = new double[rollouts.size()];
      Arrays.fill(ones, 1);
      List<Measurement> measured = work.scorer().measure(new Gates.Uniform(ones), transcripts);
      return new Exact(
          rollouts.stream().map(r -> String.join("", TEXT.pieces(r.tokens()))).toList(),
          measured.stream().map(m -> Math.exp(m.rolloutLogProbability())).toList(),
          measured.stream().map(work.objective()::value).toList());
    }

    /** E[F | the chain of thought begins with {@code prefix}]. */
    double expected(String prefix) {
      double probability = 0;
      double sum = 0;
      for (int i = 0; i < texts.size(); i++) {
        if (texts.get(i).startsWith(prefix)) {
          probability += probabilities.get(i);
          sum += probabilities.get(i) * values.get(i);
        }
      }
      return sum / probability;
    }
  }

  private static Workload work(TinyModel model, int rollouts, int repeats, long seed) {
    Task task = Tiny.task(4, Tiny.PAIRS.subList(0, 1));
    Settings settings =
        new Settings(
            Method.IG_GATES,
            Settings.Estimator.SAMPLED,
            Settings.BaselineKind.NONE,
            rollouts,
            repeats,
            Quadrature.LEFT,
            1,
            Settings.Allotment.EQUAL,
            1,
            1,
            1,
            Until.DONE,
            Ranking.ABSOLUTE,
            Settings.Backward.RECORDED,
            512,
            1,
            seed);
    return Tiny.work(model, task, "answer-prob + exact-match", settings);
  }

  private static List<SentenceScore> sentences(Workload work, int rollouts, int continuations) {
    IntegratedGradient run = new IntegratedGradient(work, RunListener.SILENT);
    run.attribute();
    return run.references().sentences(TEXT, rollouts, continuations);
  }

  private static Estimate before(SentenceScore score) {
    double error = score.importance().standardError();
    double own = score.value().standardError();
    return new Estimate(
        score.value().value() - score.importance().value(), Math.sqrt(error * error - own * own));
  }

  @ParameterizedTest
  @CsvSource({"llama, 91", "gpt2, 97"})
  void valuesAreConditionalExpectations(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Workload work = work(model, 4, 300, seed);
      Exact exact = Exact.of(work);
      List<SentenceScore> scores = sentences(work, Integer.MAX_VALUE, 3);
      List<Double> errors = new ArrayList<>();
      List<Double> excess = new ArrayList<>();
      String text = "";
      for (SentenceScore score : scores) {
        text = score.sentence() == 1 ? score.text() : text + score.text();
        if (score.sentence() < score.sentences()) {
          double error = score.value().value() - exact.expected(text);
          double own = score.value().standardError();
          errors.add(error);
          excess.add(error * error - own * own);
        }
      }
      assertThat(errors).hasSizeGreaterThan(100);
      // Given the rollouts, values are independent, and their squared errors are unbiased.
      assertZero(errors);
      assertZero(excess);
      Estimate start =
          scores.stream()
              .filter(score -> score.sentence() == 1)
              .map(SentenceResamplingTest::before)
              .findFirst()
              .orElseThrow();
      assertThat(Math.abs(start.value() - exact.expected("")))
          .isLessThan(BOUND * start.standardError());
    }
  }

  private static void assertZero(List<Double> units) {
    Estimate mean = Estimate.mean(units.stream().mapToDouble(Double::doubleValue).toArray());
    assertThat(Math.abs(mean.value())).isLessThan(BOUND * mean.standardError());
  }

  @Test
  void importancesOfARolloutAddUpToWhatItIsWorthBeyondTheOthers() {
    try (TinyModel model = TinyModel.gpt2(93, 1, 4)) {
      Workload work = work(model, 3, 2, 93);
      Evaluation ends = new Evaluation(work, RunListener.SILENT, true);
      List<Evaluation.Drawn> drawn = ends.drawn();
      List<SentenceScore> scores =
          new SentenceResampling(work, TEXT, 2, new LocalRunner(RunListener.SILENT)).of(drawn, 2);
      var byRollout =
          scores.stream().collect(Collectors.groupingBy(s -> List.of(s.repeat(), s.rollout())));
      assertThat(byRollout).hasSize(2);
      double all = drawn.stream().flatMapToDouble(g -> Arrays.stream(g.values())).sum();
      byRollout.forEach((name, own) -> {
        double value = drawn.get(name.get(0)).values()[name.get(1)];
        double importance = own.stream().mapToDouble(s -> s.importance().value()).sum();
        assertThat(importance).isCloseTo(value - (all - value) / 5, ROUNDING);
        assertThat(own.getLast().value()).isEqualTo(Estimate.exact(value));
        assertThat(own).extracting(SentenceScore::sentence).isSorted().startsWith(1);
      });
    }
  }

  @Test
  void aLonelyRolloutsStartIsDrawnToo() {
    try (TinyModel model = TinyModel.gpt2(94, 1, 4)) {
      Workload work = work(model, 1, 2, 94);
      Exact exact = Exact.of(work);
      List<SentenceScore> scores = sentences(work, 2, 2000);
      assertThat(scores).isNotEmpty();
      for (SentenceScore score : scores) {
        if (score.sentence() == 1) {
          Estimate start = before(score);
          assertThat(start.standardError()).isPositive();
          assertThat(Math.abs(start.value() - exact.expected("")))
              .isLessThan(BOUND * start.standardError());
        }
      }
    }
  }

  @Test
  void batchesChangeNothing() {
    try (TinyModel model = TinyModel.llama(95, 1, 4)) {
      Task task = Tiny.task(4, Tiny.PAIRS);
      List<List<SentenceScore>> all = new ArrayList<>();
      for (int rows : new int[] {3, 512}) {
        Workload work = Tiny.work(model, task, "answer-prob", Tiny.sampled(3, 2, rows, 95));
        all.add(sentences(work, 2, 3));
      }
      assertThat(all.getFirst()).hasSizeGreaterThan(6);
      assertThat(all.getLast())
          .usingRecursiveComparison()
          .withComparatorForType(
              (a, b) -> Math.abs(a - b) < 1e-12 || (a.isNaN() && b.isNaN()) ? 0 : 1, Double.class)
          .isEqualTo(all.getFirst());
    }
  }
}
