package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class AttributionTest {
  private static final ComputationGraph GRAPH = new ComputationGraph(1, 2, false);
  private static final int CLUSTERS = 7;

  private final SplittableRandom random = new SplittableRandom(1);
  private final double[][] direct = clusters();
  private final double[][] throughCot = clusters();

  private double[][] clusters() {
    double[][] clusters = new double[CLUSTERS][GRAPH.cells()];
    for (double[] cluster : clusters) {
      for (int cell : GRAPH.edgeCells()) {
        cluster[cell] = random.nextDouble() - 0.3;
      }
    }
    return clusters;
  }

  private Attribution attribution() {
    Estimate unknown = new Estimate(Double.NaN, Double.NaN);
    return new Attribution(
        GRAPH,
        scores(direct, throughCot),
        scores(direct),
        scores(throughCot),
        Ends.unpaired(unknown, unknown),
        unknown,
        CLUSTERS,
        1,
        0);
  }

  private static Scores scores(double[][]... parts) {
    double[] values = new double[GRAPH.cells()];
    double[] errors = new double[GRAPH.cells()];
    for (int cell : GRAPH.edgeCells()) {
      Estimate mean = mean(new int[] {cell}, parts);
      values[cell] = mean.value();
      errors[cell] = mean.standardError();
    }
    return new Scores(values, errors, mean(GRAPH.edgeCells(), parts));
  }

  /** The mean over clusters of what the cells of all parts add up to. */
  private static Estimate mean(int[] cells, double[][]... parts) {
    double[] units = new double[CLUSTERS];
    for (double[][] part : parts) {
      for (int cluster = 0; cluster < CLUSTERS; cluster++) {
        for (int cell : cells) {
          units[cluster] += part[cluster][cell];
        }
      }
    }
    return Estimate.mean(units);
  }

  @Test
  void aSumOfScoresHasTheErrorOfTheSumsOfClusters() {
    int[] units = new int[CLUSTERS];
    Arrays.fill(units, 1);
    Attribution known = attribution().with(new ClusterSums(List.of(direct, throughCot), units));
    int[] all = GRAPH.edgeCells();
    for (int[] cells : List.of(all, Arrays.copyOf(all, 3), Arrays.copyOf(all, 1))) {
      assertSame(known.sum(cells), mean(cells, direct, throughCot));
      assertSame(known.sumDirect(cells), mean(cells, direct));
      assertSame(known.sumThroughCot(cells), mean(cells, throughCot));
    }
  }

  @Test
  void withoutClustersOnlySingleScoresHaveErrors() {
    int[] all = GRAPH.edgeCells();
    assertThat(attribution().sum(all).standardError()).isNaN();
    assertThat(attribution().sum(all).value())
        .isCloseTo(mean(all, direct, throughCot).value(), offset(1e-12));
    assertThat(attribution().sum(all[2]).standardError()).isPositive();
  }

  private static void assertSame(Estimate actual, Estimate expected) {
    assertThat(actual.value()).isCloseTo(expected.value(), offset(1e-12));
    assertThat(actual.standardError()).isCloseTo(expected.standardError(), offset(1e-12));
  }
}
