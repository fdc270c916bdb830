package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Differences of synthetic runs, whose clusters are normal with known means. */
final class DifferenceTest {
  private static final ComputationGraph GRAPH = new ComputationGraph(2, 2, false);
  private static final int[] EDGES = GRAPH.edgeCells();
  private static final int RUNS = 2000;

  /** A third of the edges differ; the runs have unlike clusters and noise. */
  @ParameterizedTest
  @CsvSource({"6, 20, 3, 1", "12, 12, 1, 2"})
  void independentRunsHoldTheFalseDiscoveryRateAndTheirIntervalsCover(
      int clusters, int otherClusters, double noise, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Tally tally = new Tally(0.1);
    for (int run = 0; run < RUNS; run++) {
      double[][] one = noise(clusters, noise, random);
      double[][] other = noise(otherClusters, 1, random);
      shift(other);
      tally.add(Difference.independent(run(one), run(other)));
    }
    tally.assertHolds();
  }

  /** Prompts act alike in both runs, ten times as much as noise does. */
  @ParameterizedTest
  @CsvSource({"6, 3", "24, 4"})
  void runsOnTheSamePromptsHoldTheFalseDiscoveryRateAndTheirIntervalsCover(
      int clusters, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Tally tally = new Tally(0.1);
    for (int run = 0; run < RUNS; run++) {
      double[][] prompts = noise(clusters, 10, random);
      double[][] one = sum(prompts, noise(clusters, 1, random));
      double[][] other = sum(prompts, noise(clusters, 1, random));
      shift(other);
      tally.add(Difference.byCluster(run(one), run(other)));
    }
    tally.assertHolds();
  }

  @Test
  void whatPromptsDoToBothRunsAlikeDropsOut() {
    SplittableRandom random = new SplittableRandom(5);
    double[][] prompts = noise(16, 10, random);
    Attribution one = run(sum(prompts, noise(16, 0.1, random)));
    Attribution other = run(sum(prompts, noise(16, 0.1, random)));
    double[] paired = Difference.byCluster(one, other).total().standardErrors();
    double[] apart = Difference.independent(one, other).total().standardErrors();
    assertThat(IntStream.of(EDGES)).allMatch(cell -> 20 * paired[cell] < apart[cell]);
  }

  @Test
  void aRunDoesNotDifferFromItself() {
    Attribution run = run(noise(9, 1, new SplittableRandom(6)));
    Difference apart = Difference.independent(run, run);
    Difference paired = Difference.byCluster(run, run);
    for (Difference difference : List.of(apart, paired)) {
      assertThat(difference.total().values()).containsOnly(0);
      assertThat(difference.direct().values()).containsOnly(0);
      assertThat(difference.throughCot().values()).containsOnly(0);
      assertThat(difference.significance().q()).containsOnly(1);
      assertThat(difference.total().sum().value()).isZero();
    }
    assertThat(paired.total().standardErrors()).containsOnly(0);
    assertThat(apart.total().standardErrors()[EDGES[0]])
        .isCloseTo(Math.sqrt(2) * run.total().standardErrors()[EDGES[0]], offset(1e-12));
  }

  @Test
  void swappingTheRunsChangesTheSignsAlone() {
    SplittableRandom random = new SplittableRandom(7);
    Attribution one = run(noise(8, 1, random));
    Attribution other = run(noise(8, 2, random));
    assertSwaps(Difference.independent(one, other), Difference.independent(other, one));
    assertSwaps(Difference.byCluster(one, other), Difference.byCluster(other, one));
  }

  private static void assertSwaps(Difference one, Difference other) {
    for (int cell : EDGES) {
      assertThat(other.total().values()[cell]).isEqualTo(-one.total().values()[cell]);
      assertThat(other.direct().values()[cell]).isEqualTo(-one.direct().values()[cell]);
      assertThat(other.total().standardErrors()[cell])
          .isCloseTo(one.total().standardErrors()[cell], offset(1e-14));
      assertThat(other.significance().q()[cell])
          .isCloseTo(one.significance().q()[cell], offset(1e-12));
      assertThat(other.significance().low()[cell])
          .isCloseTo(-one.significance().high()[cell], offset(1e-12));
    }
    assertThat(other.total().sum().value()).isEqualTo(-one.total().sum().value());
  }

  @Test
  void degreesOfFreedomAreWelchs() {
    assertThat(Difference.degreesOfFreedom(0.3, 8, 0.3, 8)).isCloseTo(14, offset(1e-12));
    assertThat(Difference.degreesOfFreedom(0, 8, 0.3, 5)).isEqualTo(4);
    // (0.09 + 0.01)² / (0.09² / 9 + 0.01² / 3)
    assertThat(Difference.degreesOfFreedom(0.3, 10, 0.1, 4))
        .isCloseTo(0.01 / (0.0081 / 9 + 0.0001 / 3), offset(1e-12));
  }

  @Test
  void exactRunsDifferForCertainAndUnknownErrorsStayUnknown() {
    double[] values = new double[GRAPH.cells()];
    double[] none = new double[GRAPH.cells()];
    double[] unknown = new double[GRAPH.cells()];
    for (int cell : EDGES) {
      values[cell] = cell == EDGES[0] ? 1e-3 : 0;
      unknown[cell] = Double.NaN;
    }
    Attribution zero = attribution(scores(none, none), 1, ClusterSums.NONE);
    Attribution some = attribution(scores(values, none), 1, ClusterSums.NONE);
    double[] q = Difference.independent(zero, some).significance().q();
    assertThat(q[EDGES[0]]).isZero();
    assertThat(q[EDGES[1]]).isEqualTo(1);
    Attribution vague = attribution(scores(values, unknown), 1, ClusterSums.NONE);
    Significance judged = Difference.independent(zero, vague).significance();
    assertThat(judged.q()[EDGES[0]]).isNaN();
    assertThat(judged.low()[EDGES[0]]).isNaN();
  }

  /** Clusters of unequal size weigh by their units: against sums written out unit by unit. */
  @Test
  void unequalClustersWeighByTheirUnits() {
    int[] units = {1, 3, 2};
    double[][] one = noise(3, 1, new SplittableRandom(8));
    double[][] other = noise(3, 1, new SplittableRandom(9));
    double error =
        Difference.byCluster(run(one, units), run(other, units)).total().standardErrors()[EDGES[4]];
    double mean = 0;
    for (int c = 0; c < 3; c++) {
      mean += units[c] * (other[c][EDGES[4]] - one[c][EDGES[4]]) / 6;
    }
    double squares = 0;
    for (int c = 0; c < 3; c++) {
      squares += Math.pow(units[c] * (other[c][EDGES[4]] - one[c][EDGES[4]] - mean), 2);
    }
    assertThat(error).isCloseTo(Math.sqrt(3 / 2.0 * squares / 36), offset(1e-14));
  }

  @Test
  void runsWithoutTheSameClustersAreNotPaired() {
    Attribution eight = run(noise(8, 1, new SplittableRandom(1)));
    Attribution nine = run(noise(9, 1, new SplittableRandom(1)));
    assertThatThrownBy(() -> Difference.byCluster(eight, nine))
        .hasMessage("expected two runs with sums by the same clusters, got 8 and 9 clusters");
    assertThat(Difference.pairs(ClusterSums.NONE, ClusterSums.NONE)).isFalse();
    assertThat(Difference.pairs(sums(new double[3][1], 1, 2, 1), sums(new double[3][1], 2, 4, 2)))
        .as("twice the repeats")
        .isTrue();
    assertThat(Difference.pairs(sums(new double[2][1], 1, 2), sums(new double[2][1], 2, 1)))
        .isFalse();
  }

  /** How often discoveries are false, and intervals hold the true difference. */
  private static final class Tally {
    private final double level;
    private double falseShares;
    private long covered;
    private int runs;

    Tally(double level) {
      this.level = level;
    }

    void add(Difference difference) {
      Significance judged = difference.significance();
      int found = 0;
      int wrong = 0;
      for (int i = 0; i < EDGES.length; i++) {
        boolean discovered = judged.q()[EDGES[i]] <= level;
        found += discovered ? 1 : 0;
        wrong += discovered && truth(i) == 0 ? 1 : 0;
        boolean holds = judged.low()[EDGES[i]] <= truth(i) && truth(i) <= judged.high()[EDGES[i]];
        covered += holds ? 1 : 0;
      }
      falseShares += found == 0 ? 0 : wrong / (double) found;
      runs++;
    }

    void assertHolds() {
      assertThat(falseShares / runs).as("false discoveries").isBetween(0.01, level);
      // Of 92,000 intervals, known to 0.0007; Welch's distribution is an approximation.
      assertThat(covered / (double) (runs * EDGES.length)).isBetween(0.945, 0.955);
    }
  }

  private static double truth(int edge) {
    return edge % 3 == 0 ? 4 : 0;
  }

  private static void shift(double[][] clusters) {
    for (double[] cluster : clusters) {
      for (int i = 0; i < EDGES.length; i++) {
        cluster[EDGES[i]] += truth(i);
      }
    }
  }

  private static double[][] noise(int clusters, double deviation, SplittableRandom random) {
    double[][] noise = new double[clusters][GRAPH.cells()];
    for (double[] cluster : noise) {
      for (int cell : EDGES) {
        cluster[cell] = deviation * random.nextGaussian();
      }
    }
    return noise;
  }

  private static double[][] sum(double[][] one, double[][] other) {
    double[][] sum = new double[one.length][GRAPH.cells()];
    for (int c = 0; c < sum.length; c++) {
      int cluster = c;
      Arrays.setAll(sum[c], cell -> one[cluster][cell] + other[cluster][cell]);
    }
    return sum;
  }

  private static Attribution run(double[][] clusters) {
    int[] units = new int[clusters.length];
    Arrays.fill(units, 1);
    return run(clusters, units);
  }

  /** A run whose direct part is the score of each cluster; nothing acts through the words. */
  private static Attribution run(double[][] clusters, int... units) {
    ClusterSums sums = sums(clusters, units);
    double[] means = sums.scores(ones(units.length), GRAPH.cells());
    double[] errors = new double[GRAPH.cells()];
    for (int cell : EDGES) {
      double[] byCluster = Arrays.stream(clusters).mapToDouble(cluster -> cluster[cell]).toArray();
      errors[cell] = Estimate.mean(byCluster).standardError();
    }
    return attribution(scores(means, errors), clusters.length, sums);
  }

  private static int[] ones(int count) {
    int[] ones = new int[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static ClusterSums sums(double[][] clusters, int... units) {
    double[][] direct = new double[clusters.length][];
    double[][] throughCot = new double[clusters.length][];
    for (int c = 0; c < clusters.length; c++) {
      int times = units[c];
      direct[c] = Arrays.stream(clusters[c]).map(score -> times * score).toArray();
      throughCot[c] = new double[clusters[c].length];
    }
    return new ClusterSums(List.of(direct, throughCot), units);
  }

  private static Scores scores(double[] values, double[] errors) {
    return new Scores(values, errors, Estimate.exact(Arrays.stream(values).sum()));
  }

  private static Attribution attribution(Scores scores, int clusters, ClusterSums sums) {
    Scores zero = scores(new double[GRAPH.cells()], new double[GRAPH.cells()]);
    Estimate nothing = Estimate.exact(0);
    return new Attribution(
            GRAPH, scores, scores, zero, Ends.unpaired(nothing, nothing), nothing, clusters, 1, 1)
        .with(sums);
  }
}
