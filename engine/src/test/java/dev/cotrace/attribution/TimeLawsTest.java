package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Scores;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Binning;
import dev.cotrace.rollout.Bins;
import dev.cotrace.rollout.Credit;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactAdvantage;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.GradientByBin;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.TokenStrings;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import dev.cotrace.rollout.TranscriptScorer.Group;
import dev.cotrace.rollout.TranscriptScorer.GroupGradient;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** METHOD §6: scores by bin of positions. */
final class TimeLawsTest {
  /** Ids 0 to 3 as letters. */
  private static final TokenStrings LETTERS =
      ids -> Arrays.stream(ids).mapToObj(id -> "abc.".substring(id, id + 1)).toList();

  @ParameterizedTest
  @CsvSource({
    "llama, step, 1, answer-prob + kl",
    "gpt2, prompt-position, 2, answer-logprob",
    "llama, marker:c, 3, exact-match - 0.5*kl",
    "gpt2, token-class, 4, kl-reverse",
    "gpt2, marker:ab, 5, logit-diff",
  })
  void theScoresOfAllBinsAddUpToTheScores(
      String family, String binning, long seed, String objective) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Task task = Tiny.task(3, Tiny.PAIRS);
      Settings settings = Tiny.sampled(4, 2, 8, seed);
      Attribution without = attribute(model, task, objective, settings, "none");
      Attribution with = attribute(model, task, objective, settings, binning);
      assertThat(without.byBin()).isEmpty();
      assertClose(with.total().values(), without.total().values());
      assertClose(sum(with, BinScores::total), with.total().values());
      assertClose(sum(with, BinScores::direct), with.direct().values());
      assertClose(sum(with, BinScores::throughCot), with.throughCot().values());
      // Some bins are used and none has it all, or the sums above would say little.
      assertThat(with.byBin()).filteredOn(TimeLawsTest::isUsed).hasSizeGreaterThan(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, step, answer-prob + kl, 11",
    "gpt2, step, answer-logprob - kl-reverse, 12",
    "llama, token-class, exact-match + kl, 13",
    "gpt2, prompt-position, logit-diff + kl, 14",
    "llama, marker:c, exact-match + kl, 15",
    "gpt2, marker:b, answer-prob + kl-reverse, 16",
  })
  void aBinsGradientIsThatOfItsPositionsNaiveGates(
      String family, String binning, String objectiveText, long seed) {
    Objective objective = Objective.parse(objectiveText);
    PromptPair pair = Tiny.PAIRS.getFirst();
    Task task = Tiny.task(2, List.of(pair));
    List<Rollout> rollouts = Enumeration.of(task.sampling(), 4);
    double alpha = 0.63;
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      NaiveGatedModel naive = new NaiveGatedModel(model);
      Bins bins = Binning.parse(binning).of(task, LETTERS);
      int cells = naive.graph().cells();
      TranscriptScorer scorer =
          new TranscriptScorer(GatedModel.of(model.decoder()), objective, 1, task.outcomes());
      List<Transcript> transcripts =
          rollouts.stream()
              .map(rollout -> new Transcript(pair, rollout, task.sampling().answerPrefix()))
              .toList();
      // A marker's bins depend on later tokens: there R_t − E[R_t] is part of what is asked. For
      // other bins it must come out as with F at every step.
      Weighting weighting =
          ExactAdvantage.over(objective, scorer.measure(uniform(alpha, rollouts), transcripts));
      GroupGradient group =
          scorer.gradients(List.of(new Group(alpha, transcripts, weighting)), bins).getFirst();
      GradientByBin gradient = group.byBin();
      GradientByBin exact = GradientByBin.zero(bins.names().size(), cells);
      ExactObjective referee =
          new ExactObjective(naive, pair, task.sampling(), objective, rollouts);
      for (int i = 0; i < rollouts.size(); i++) {
        double[] advantage =
            binning.startsWith("marker") ? group.weights().advantage()[i] : new double[0];
        ExactObjective.Gradient one = referee.byPosition(rollouts.get(i), alpha, advantage);
        int[] bin = bins.of(transcripts.get(i));
        for (int t = 0; t < bin.length; t++) {
          for (int cell = 0; cell < cells; cell++) {
            exact.direct()[bin[t]][cell] += one.direct()[t * cells + cell];
            exact.throughCot()[bin[t]][cell] += one.throughCot()[t * cells + cell];
          }
        }
      }
      double scale = largest(exact.direct()) + largest(exact.throughCot());
      for (int bin = 0; bin < gradient.bins(); bin++) {
        // 1e-9 of the largest gradient: both sides are float64, summed in different orders.
        assertClose(gradient.direct()[bin], exact.direct()[bin], 1e-9 * scale);
        assertClose(gradient.throughCot()[bin], exact.throughCot()[bin], 1e-9 * scale);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, prompt-position, answer-prob - 0.5*kl, 21", "gpt2, step, kl, 22"})
  void sampledScoresAreUnbiasedInEveryBin(
      String family, String binning, String objective, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Task task = Tiny.task(2, Tiny.PAIRS.subList(0, 1));
      Attribution sampled =
          attribute(model, task, objective, Tiny.sampled(4, 400, 400, seed), binning);
      Attribution exact =
          attribute(model, task, objective, Tiny.enumerate(Quadrature.LEFT, 2), binning);
      int[] cells = sampled.graph().edgeCells();
      // The family-wise error of all z-scores together is 1e-4 (Bonferroni).
      double tests = 2.0 * cells.length * sampled.byBin().size();
      double bound = NormalDistribution.of(0, 1).inverseSurvivalProbability(1e-4 / 2 / tests);
      for (int bin = 0; bin < sampled.byBin().size(); bin++) {
        for (int cell : cells) {
          assertUnbiased(
              sampled.byBin().get(bin).direct(), exact.byBin().get(bin).direct(), cell, bound);
          assertUnbiased(
              sampled.byBin().get(bin).throughCot(),
              exact.byBin().get(bin).throughCot(),
              cell,
              bound);
        }
      }
    }
  }

  /** Over all pairs of rollouts, so that a bin that is seldom met counts too. */
  @ParameterizedTest
  @CsvSource({"llama, marker:b, answer-prob - 0.5*kl, 23", "gpt2, marker:c, exact-match, 24"})
  void leaveOneOutGivesTheSameBinsAsListingWhenTheyLookAhead(
      String family, String binning, String objectiveText, long seed) {
    Objective objective = Objective.parse(objectiveText);
    Task task = Tiny.task(2, Tiny.PAIRS.subList(0, 1));
    Bins bins = Binning.parse(binning).of(task, LETTERS);
    List<Rollout> rollouts = Enumeration.of(task.sampling(), 4);
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      TranscriptScorer scorer =
          new TranscriptScorer(GatedModel.of(model.decoder()), objective, 1, task.outcomes());
      List<Transcript> all =
          rollouts.stream()
              .map(r -> new Transcript(task.pairs().getFirst(), r, new int[] {1}))
              .toList();
      List<Measurement> measured = scorer.measure(uniform(0.4, rollouts), all);
      double[] probability =
          measured.stream().mapToDouble(m -> Math.exp(m.rolloutLogProbability())).toArray();
      GradientByBin exact =
          scorer
              .gradients(
                  List.of(new Group(0.4, all, ExactAdvantage.over(objective, measured))), bins)
              .getFirst()
              .byBin();
      GradientByBin mean = GradientByBin.zero(exact.bins(), exact.direct()[0].length);
      for (int i = 0; i < all.size(); i++) {
        for (int j = 0; j < all.size(); j++) {
          Group pair = new Group(0.4, List.of(all.get(i), all.get(j)), Baseline.LEAVE_ONE_OUT);
          GradientByBin sampled = scorer.gradients(List.of(pair), bins).getFirst().byBin();
          mean.add(probability[i] * probability[j], sampled);
        }
      }
      for (int bin = 0; bin < exact.bins(); bin++) {
        assertClose(mean.direct()[bin], exact.direct()[bin], 1e-10);
        assertClose(mean.throughCot()[bin], exact.throughCot()[bin], 1e-10);
      }
    }
  }

  private static Gates uniform(double alpha, List<Rollout> rows) {
    return new Gates.Uniform(rows.stream().mapToDouble(_ -> alpha).toArray());
  }

  private static void assertUnbiased(Scores sampled, Scores exact, int cell, double bound) {
    double error = Math.abs(sampled.values()[cell] - exact.values()[cell]);
    // An estimate whose samples all agree has no error bar; rounding is all it may be off by.
    assertThat(error).isLessThanOrEqualTo(bound * sampled.standardErrors()[cell] + 1e-10);
  }

  @Test
  void batchesAndThreadsChangeNoBin() {
    try (TinyModel model = TinyModel.llama(31, 2, 4)) {
      Task task = Tiny.task(3, Tiny.PAIRS);
      Settings parallel =
          new Settings(Settings.Estimator.SAMPLED, 4, 2, Quadrature.LEFT, 2, 8, 3, 9);
      assertSameBins(
          attribute(model, task, "kl", Tiny.sampled(4, 2, 4, 9), "marker:c"),
          attribute(model, task, "kl", parallel, "marker:c"));
      // Listed rollouts that do not fit one pass are differentiated a few at a time.
      Settings few = new Settings(Settings.Estimator.ENUMERATE, 2, 1, Quadrature.LEFT, 2, 7, 1, 1);
      assertSameBins(
          attribute(model, task, "kl", Tiny.enumerate(Quadrature.LEFT, 2), "step"),
          attribute(model, task, "kl", few, "step"));
    }
  }

  private static void assertSameBins(Attribution a, Attribution b) {
    for (int bin = 0; bin < a.byBin().size(); bin++) {
      assertClose(a.byBin().get(bin).direct().values(), b.byBin().get(bin).direct().values());
      assertClose(
          a.byBin().get(bin).total().standardErrors(), b.byBin().get(bin).total().standardErrors());
    }
  }

  /** Position by position: what rollouts are credited with at the places of a bin is the bin's. */
  @ParameterizedTest
  @CsvSource({"llama, step, 43", "gpt2, step, 44", "gemma, marker:c, 45"})
  void theCreditOfThePlacesOfABinAddsUpToItsScores(String family, String binning, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Task task = Tiny.task(3, Tiny.PAIRS);
      Workload work =
          workload(model, task, "answer-prob + kl", Tiny.sampled(4, 2, 16, seed), binning);
      int bins = work.bins().names().size();
      double[] direct = new double[bins];
      double[] throughCot = new double[bins];
      RunListener listener =
          new RunListener() {
            @Override
            public void done(JobResult result) {
              List<Transcript> transcripts = work.transcripts(result.job(), result.rollouts());
              for (int k = 0; k < result.credits().size(); k++) {
                int[] bin = work.bins().of(transcripts.get(k));
                Credit credit = result.credits().get(k);
                for (int t = 0; t < bin.length; t++) {
                  direct[bin[t]] += credit.direct()[t];
                  throughCot[bin[t]] += credit.throughCot()[t];
                }
              }
            }
          };
      Attribution attribution = new IntegratedGradient(work, listener).attribute();
      double share = 1.0 / 2 / work.clusters(2).units();
      for (int b = 0; b < bins; b++) {
        BinScores bin = attribution.byBin().get(b);
        assertThat(direct[b] * share).isCloseTo(bin.direct().sum().value(), offset(1e-12));
        assertThat(throughCot[b] * share).isCloseTo(bin.throughCot().sum().value(), offset(1e-12));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, none, 41", "gpt2, step, 42"})
  void theCreditOfAllRolloutsAddsUpToTheScores(String family, String binning, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4)) {
      Task task = Tiny.task(3, Tiny.PAIRS);
      Workload work =
          workload(model, task, "answer-prob + kl", Tiny.sampled(4, 2, 16, seed), binning);
      List<JobResult> results = new ArrayList<>();
      RunListener listener =
          new RunListener() {
            @Override
            public void done(JobResult result) {
              results.add(result);
            }
          };
      Attribution attribution = new IntegratedGradient(work, listener).attribute();
      double direct = 0;
      double throughCot = 0;
      for (JobResult result : results) {
        for (int k = 0; k < result.credits().size(); k++) {
          Credit credit = result.credits().get(k);
          assertThat(credit.advantage()).hasSize(result.rollouts().get(k).steps());
          direct += Arrays.stream(credit.direct()).sum();
          throughCot += Arrays.stream(credit.throughCot()).sum();
        }
      }
      // The rule has two points of weight 1/2; scores are means over prompts and repeats.
      double share = 1.0 / 2 / work.clusters(2).units();
      assertThat(direct * share).isCloseTo(attribution.direct().sum().value(), offset(1e-12));
      assertThat(throughCot * share)
          .isCloseTo(attribution.throughCot().sum().value(), offset(1e-12));
    }
  }

  @Test
  void binsThatDoNotFitIntoMemoryAreRefusedBeforeAnythingIsSampled() {
    Task task = Tiny.task(3, Tiny.PAIRS);
    Bins many =
        new Bins() {
          @Override
          public List<String> names() {
            return Collections.nCopies(100_000_000, "bin");
          }

          @Override
          public int[] of(Transcript transcript) {
            throw new IllegalStateException();
          }
        };
    try (TinyModel model = TinyModel.llama(51, 1, 4)) {
      GatedModel gated = GatedModel.of(model.decoder());
      assertThatThrownBy(() ->
              new Evaluation(
                  new Workload(gated, task, Objective.parse("kl"), Tiny.sampled(4, 2, 16, 1), many),
                  RunListener.SILENT))
          .hasMessageContaining("--bins needs")
          .hasMessageContaining("COTRACE_JAVA_OPTS");
    }
  }

  private static Attribution attribute(
      TinyModel model, Task task, String objective, Settings settings, String binning) {
    Workload work = workload(model, task, objective, settings, binning);
    return new IntegratedGradient(work, RunListener.SILENT).attribute();
  }

  private static Workload workload(
      TinyModel model, Task task, String objective, Settings settings, String binning) {
    return new Workload(
        GatedModel.of(model.decoder()),
        task,
        Objective.parse(objective),
        settings,
        Binning.parse(binning).of(task, LETTERS));
  }

  private static boolean isUsed(BinScores bin) {
    return Arrays.stream(bin.total().values()).anyMatch(value -> value != 0);
  }

  private static double[] sum(Attribution attribution, Function<BinScores, Scores> part) {
    double[] sum = new double[attribution.graph().cells()];
    for (BinScores bin : attribution.byBin()) {
      double[] values = part.apply(bin).values();
      Arrays.setAll(sum, cell -> sum[cell] + values[cell]);
    }
    return sum;
  }

  private static double largest(double[][] bins) {
    return Arrays.stream(bins).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElseThrow();
  }

  /** Both are float64 and of order 1, summed in different orders. */
  private static void assertClose(double[] actual, double[] expected) {
    assertClose(actual, expected, 1e-12 * Math.max(1, largest(new double[][] {expected})));
  }

  private static void assertClose(double[] actual, double[] expected, double tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int cell = 0; cell < actual.length; cell++) {
      assertThat(actual[cell]).as("cell %d", cell).isCloseTo(expected[cell], offset(tolerance));
    }
  }
}
