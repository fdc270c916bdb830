package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.ExactObjective;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sampler;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The laws of METHOD §9 for every corruption, in both families, against naive per-edge gates. */
final class CorruptionLawsTest {
  static Stream<Arguments> everyKind() {
    return kinds(_ -> true);
  }

  /** Kinds whose expectations can be listed without more. */
  static Stream<Arguments> everyListedKind() {
    return kinds(kind -> !kind.startsWith("resample"));
  }

  /** Noise is drawn anew in each repeat, of which the naive side knows the first. */
  static Stream<Arguments> everyKindWithoutNoise() {
    return kinds(kind -> !kind.equals("noise"));
  }

  /** Each kind with a llama and with one other family, the others by turns. */
  private static Stream<Arguments> kinds(Predicate<String> wanted) {
    List<String> others = List.of("gpt2", "gpt_neox", "gemma");
    return TinyCorruption.KINDS.stream()
        .filter(wanted)
        .flatMap(kind ->
            Stream.of("llama", others.get(TinyCorruption.KINDS.indexOf(kind) % others.size()))
                .map(family -> Arguments.of(kind, family)));
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void theExpectedGradientIsTheExactOne(String kind, String family) {
    try (TinyModel model = TinyModel.of(family, 61, 2, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      NaiveGatedModel naive = new NaiveGatedModel(model);
      double[] z = new double[naive.graph().cells()];
      Arrays.fill(z, 0.37);
      ExactObjective.Gradient exact = exact(tiny, naive, 0.8).at(z);
      TranscriptScorer.GroupGradient gradient = listing(tiny.at(0.8), naive).gradient(0.37);
      double scale = largest(exact.direct()) + largest(exact.throughCot());
      if (kind.startsWith("resample")) {
        assertThat(Arrays.stream(gradient.weights().rollout()).sum()).isCloseTo(1, offset(1e-9));
      }
      for (int cell = 0; cell < z.length; cell++) {
        assertThat(gradient.direct()[cell]).isCloseTo(exact.direct()[cell], offset(1e-9 * scale));
        assertThat(gradient.throughCot()[cell])
            .isCloseTo(exact.throughCot()[cell], offset(1e-9 * scale));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void anyMaskGivesTheValueOfNaiveGatesAndEqualOnesThatOfUniformGates(String kind, String family) {
    try (TinyModel model = TinyModel.of(family, 62, 2, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      NaiveGatedModel naive = new NaiveGatedModel(model);
      double[] z = new SplittableRandom(1).doubles(naive.graph().cells()).toArray();
      double exact = exact(tiny, naive, 1).at(z).value();
      assertThat(listing(tiny, naive).value(new Gates.PerEdge(naive.graph(), z)))
          .isCloseTo(exact, offset(1e-9 * Math.abs(exact)));
      double alpha = 0.3;
      Arrays.fill(z, alpha);
      assertThat(listing(tiny, naive).value(uniform(alpha, tiny.rollouts().size())))
          .isCloseTo(
              listing(tiny, naive).value(new Gates.PerEdge(naive.graph(), z)), offset(1e-10));
    }
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void openGatesGiveTheCleanModelAndClosedOnesTheCorruptedValues(String kind, String family) {
    try (TinyModel model = TinyModel.of(family, 63, 2, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      NaiveGatedModel naive = new NaiveGatedModel(model);
      List<Transcript> transcripts = tiny.transcripts();
      TranscriptScorer scorer = listing(tiny, naive).scorer(Objective.parse("kl + answer-logprob"));
      int rows = transcripts.size();
      List<Measurement> open = scorer.measure(uniform(1, rows), transcripts);
      List<Measurement> closed = scorer.measure(uniform(0, rows), transcripts);
      for (int row = 0; row < rows; row++) {
        for (double kl : open.get(row).kl()) {
          assertThat(kl).isCloseTo(0, offset(1e-12));
        }
        Transcript transcript = transcripts.get(row);
        double[][] log = logDistributions(naive, tiny, transcript);
        int prompt = tiny.pair().clean().length;
        for (int t = 0; t < transcript.rollout().steps(); t++) {
          assertThat(closed.get(row).logProbability()[t])
              .isCloseTo(log[prompt + t - 1][transcript.rollout().tokens()[t]], offset(1e-10));
        }
        int answer = transcript.clean().length - tiny.pair().answer().length;
        for (int i = 0; i < tiny.pair().answer().length; i++) {
          assertThat(closed.get(row).answerLogProbability()[i])
              .isCloseTo(log[answer + i][tiny.pair().answer()[i]], offset(1e-10));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void everyEdgesGradientIsItsCentralDifference(String kind, String family) {
    double alpha = 0.6;
    double step = 1e-5;
    try (TinyModel model = TinyModel.of(family, 64, 1, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      NaiveGatedModel naive = new NaiveGatedModel(model);
      TranscriptScorer.GroupGradient gradient = listing(tiny, naive).gradient(alpha);
      double[] z = new double[naive.graph().cells()];
      Arrays.fill(z, alpha);
      for (int cell : naive.graph().edgeCells()) {
        z[cell] = alpha + step;
        double above = listing(tiny, naive).value(new Gates.PerEdge(naive.graph(), z));
        z[cell] = alpha - step;
        double below = listing(tiny, naive).value(new Gates.PerEdge(naive.graph(), z));
        z[cell] = alpha;
        // Central differences of step 1e-5 err by about 1e-10 in truncation and 1e-11 in rounding.
        assertThat(gradient.direct()[cell] + gradient.throughCot()[cell])
            .as(naive.graph().edge(cell).toString())
            .isCloseTo((above - below) / (2 * step), offset(1e-7));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("everyListedKind")
  void scoresAddUpToTheDifferenceOfTheEnds(String kind, String family) {
    try (TinyModel model = TinyModel.of(family, 65, 1, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      Workload work =
          new Workload(
              GatedModel.of(model.decoder()),
              tiny.task(),
              Objective.parse("answer-prob - 0.5*kl"),
              Tiny.enumerate(Quadrature.ADAPTIVE, 600));
      Attribution attribution = new IntegratedGradient(work, RunListener.SILENT).attribute();
      double norm = Math.sqrt(Arrays.stream(attribution.total().values()).map(x -> x * x).sum());
      assertThat(attribution.gap().value()).isCloseTo(0, offset(1e-5 * norm));
    }
  }

  @ParameterizedTest
  @MethodSource("everyKind")
  void cachedSamplingFollowsTheRecomputedDistribution(String kind, String family) {
    try (TinyModel model = TinyModel.of(family, 66, 2, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      NaiveGatedModel naive = new NaiveGatedModel(model);
      ComputationGraph graph = naive.graph();
      double[] z = new double[graph.cells()];
      Arrays.setAll(z, i -> i % 3 == 0 ? 0 : 1);
      int rows = tiny.rollouts().size();
      assertSampled(tiny, naive, new Gates.PerEdge(graph, z), new Gates.PerEdge(graph, z));
      assertSampled(tiny, naive, uniform(0.5, 1), uniform(0.5, rows));
    }
  }

  private static void assertSampled(
      TinyCorruption tiny, NaiveGatedModel naive, Gates sampled, Gates measured) {
    int draws = 10_000;
    Sampler.Request request =
        new Sampler.Request(tiny.pair(), 0, draws).withNoise(new Job(0, 0, 0, 0, 1).noise());
    Map<String, Integer> counts = new HashMap<>();
    new Sampler(GatedModel.of(tiny.model().decoder()), tiny.sampling(), new Randomness(4))
        .sample(sampled, List.of(request), new Scheme.Independent(Baseline.NONE))
        .getFirst()
        .rollouts()
        .forEach(r -> counts.merge(name(r), 1, Integer::sum));
    List<Transcript> all = tiny.transcripts();
    List<Measurement> measurements =
        listing(tiny, naive).scorer(TinyListing.OBJECTIVE).measure(measured, all);
    double bound = NormalDistribution.of(0, 1).inverseSurvivalProbability(1e-5 / 2 / all.size());
    double total = 0;
    for (int i = 0; i < all.size(); i++) {
      double p = listing(tiny, naive).probability(all.get(i), measurements.get(i));
      total += p;
      double share = (double) counts.getOrDefault(name(all.get(i).rollout()), 0) / draws;
      double deviation = Math.sqrt(p * (1 - p) / draws);
      // The normal bound fails for rare counts: those get a few more.
      assertThat(share).isCloseTo(p, offset(bound * deviation + 10.0 / draws));
    }
    assertThat(total).isCloseTo(1, offset(1e-9));
  }

  private static String name(Rollout rollout) {
    return Arrays.toString(rollout.tokens()) + Arrays.toString(rollout.partners());
  }

  @ParameterizedTest
  @MethodSource("everyKindWithoutNoise")
  void sampledScoresAreUnbiasedOnEveryEdge(String kind, String family) {
    assertUnbiased(kind, family, Tiny.sampled(4, 100, 400, 3));
  }

  /** Ways on from one prefix share a partner there. */
  @ParameterizedTest
  @CsvSource({"llama, BRANCHING", "gpt2, BRANCHING", "llama, WITHOUT_REPLACEMENT"})
  void resampledPartnersStayUnbiasedHoweverRolloutsAreDrawn(
      String family, Settings.Estimator estimator) {
    Settings settings = new Settings(estimator, 3, 200, Quadrature.LEFT, 2, 600, 1, 6);
    assertUnbiased("resample", family, settings.branching(2, 1, 2));
  }

  private static void assertUnbiased(String kind, String family, Settings settings) {
    try (TinyModel model = TinyModel.of(family, 67, 1, 4)) {
      TinyCorruption tiny = TinyCorruption.of(model, kind);
      NaiveGatedModel naive = new NaiveGatedModel(model);
      Workload work =
          new Workload(
              GatedModel.of(model.decoder()), tiny.task(), TinyListing.OBJECTIVE, settings);
      Attribution sampled = new IntegratedGradient(work, RunListener.SILENT).attribute();
      double[] direct = new double[naive.graph().cells()];
      double[] through = new double[direct.length];
      for (double alpha : new double[] {0, 0.5}) {
        double[] z = new double[direct.length];
        Arrays.fill(z, alpha);
        ExactObjective.Gradient exact = exact(tiny, naive, 1).at(z);
        Arrays.setAll(direct, i -> direct[i] + exact.direct()[i] / 2);
        Arrays.setAll(through, i -> through[i] + exact.throughCot()[i] / 2);
      }
      // 40 runs in all share a probability of 1e-3 of any failure.
      double bound =
          NormalDistribution.of(0, 1)
              .inverseSurvivalProbability(1e-3 / 40 / 4 / sampled.graph().edgeCount());
      for (int cell : sampled.graph().edgeCells()) {
        assertUnbiased(sampled.direct().at(cell), direct[cell], bound);
        assertUnbiased(sampled.throughCot().at(cell), through[cell], bound);
      }
    }
  }

  private static void assertUnbiased(Estimate estimate, double exact, double bound) {
    assertThat(Math.abs(estimate.value() - exact))
        .isLessThanOrEqualTo(bound * estimate.standardError() + 1e-9);
  }

  private static TinyListing listing(TinyCorruption tiny, NaiveGatedModel naive) {
    return new TinyListing(GatedModel.of(tiny.model().decoder()), tiny, naive);
  }

  private static ExactObjective exact(TinyCorruption tiny, NaiveGatedModel naive, double t) {
    return new ExactObjective(
        naive,
        tiny.pair(),
        tiny.at(t).sampling(),
        TinyListing.OBJECTIVE,
        tiny.rollouts(),
        tiny.at(t));
  }

  /** What the corrupted values predict at each clean position of {@code transcript}. */
  private static double[][] logDistributions(
      NaiveGatedModel naive, TinyCorruption tiny, Transcript transcript) {
    try (Scope _ = new Scope()) {
      double[] flat = Placement.toDoubles(naive.logits(tiny.of(naive, transcript)).log_softmax(-1));
      double[][] rows = new double[flat.length / 4][];
      Arrays.setAll(rows, t -> Arrays.copyOfRange(flat, 4 * t, 4 * t + 4));
      return rows;
    }
  }

  private static Gates uniform(double alpha, int rows) {
    double[] each = new double[rows];
    Arrays.fill(each, alpha);
    return new Gates.Uniform(each);
  }

  private static double largest(double[] values) {
    return Arrays.stream(values).map(Math::abs).max().orElseThrow();
  }
}
