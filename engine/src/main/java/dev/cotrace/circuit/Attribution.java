package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The scores of all edges, or of other units, and what they should add up to.
 *
 * @param units names the cells
 * @param method what a score is
 * @param total φ, the sum of the next two
 * @param direct effect at fixed tokens: around the words
 * @param throughCot effect by which tokens get sampled: through the words
 * @param ends J(1) and J(0)
 * @param gap Σφ − (J(1) − J(0)); with its error over the same prompts. NaN where the method's
 *     scores need not add up to it
 * @param clusters number of independent clusters of prompts behind every error
 * @param points number of gate values α at which the gradient was taken
 * @param sampledTokens number of tokens sampled for all this
 * @param sums the total by cluster; {@link ClusterSums#NONE} where not known
 * @param byBin the scores by bin of positions, in the bins' order; empty where time is not resolved
 */
public record Attribution(
    Units units,
    Method method,
    Scores total,
    Scores direct,
    Scores throughCot,
    Ends ends,
    Estimate gap,
    int clusters,
    int points,
    long sampledTokens,
    ClusterSums sums,
    List<BinScores> byBin) {

  /** Probability that chance alone makes a gap be called one: that of three standard deviations. */
  private static final double SIGNIFICANCE = 0.0027;

  /**
   * The gap, as a share of the norm of the scores, at which the adaptive rule of quadrature stops
   * when expectations are exact.
   */
  private static final double ROUNDING = 2e-5;

  /** Scores by gates whose sums by cluster are not known and that do not resolve time. */
  public Attribution(
      Units units,
      Scores total,
      Scores direct,
      Scores throughCot,
      Ends ends,
      Estimate gap,
      int clusters,
      int points,
      long sampledTokens) {
    this(
        units,
        Method.IG_GATES,
        total,
        direct,
        throughCot,
        ends,
        gap,
        clusters,
        points,
        sampledTokens,
        ClusterSums.NONE,
        List.of());
  }

  /** The graph whose edges or nodes have the scores. */
  public ComputationGraph graph() {
    return units.graph();
  }

  /** The same scores of {@code other}, which may choose among others of the same pieces. */
  public Attribution of(Units other) {
    return with(other, sums);
  }

  /** This with its total by cluster. */
  public Attribution with(ClusterSums known) {
    return with(units, known);
  }

  private Attribution with(Units newUnits, ClusterSums newSums) {
    return new Attribution(
        newUnits,
        method,
        total,
        direct,
        throughCot,
        ends,
        gap,
        clusters,
        points,
        sampledTokens,
        newSums,
        byBin);
  }

  /**
   * The scores of {@code cells} added up; their error is NaN where sums by cluster are not known.
   */
  public Estimate sum(int... cells) {
    return sum(total, cells, ClusterSums.DIRECT, ClusterSums.THROUGH_COT);
  }

  /** As {@link #sum} of the direct parts. */
  public Estimate sumDirect(int... cells) {
    return sum(direct, cells, ClusterSums.DIRECT);
  }

  /** As {@link #sum} of the through-CoT parts. */
  public Estimate sumThroughCot(int... cells) {
    return sum(throughCot, cells, ClusterSums.THROUGH_COT);
  }

  private Estimate sum(Scores scores, int[] cells, int... parts) {
    if (cells.length == 1) {
      return scores.at(cells[0]);
    }
    double sum = Arrays.stream(cells).mapToDouble(cell -> scores.values()[cell]).sum();
    if (Arrays.stream(cells).allMatch(cell -> scores.standardErrors()[cell] == 0)) {
      return new Estimate(sum, 0); // Exact, as all of its terms are.
    }
    double[] byCluster = new double[sums.count()];
    for (int cluster = 0; cluster < byCluster.length; cluster++) {
      for (int part : parts) {
        for (int cell : cells) {
          byCluster[cluster] += sums.score(part, cluster, cell);
        }
      }
    }
    return new Estimate(sum, byCluster.length == 0 ? Double.NaN : sums.standardError(byCluster));
  }

  /** Confidence intervals and q-values of the total. */
  public Significance significance() {
    return Significance.of(units, total, clusters);
  }

  /** How stable the top {@code size} edges by the total are; {@code seed} is of the resamples. */
  public Stability stability(int size, Circuit.Ranking ranking, long seed) {
    return Stability.of(units, sums, size, ranking, direction(), seed);
  }

  /** J(1). */
  public Estimate clean() {
    return ends.clean();
  }

  /** J(0). */
  public Estimate corrupted() {
    return ends.corrupted();
  }

  /** The sign of J(1) − J(0); 1 when they are equal. */
  public double direction() {
    double direction = Math.signum(ends.difference().value());
    return direction == 0 ? 1 : direction;
  }

  /** Whether the completeness gap is larger than chance explains. */
  public boolean incomplete() {
    // Not "greater than": a gap that is not a number is no completeness.
    return method.addsUp()
        && !(Math.abs(gap.value()) <= convincing() * gap.standardError() + rounding());
  }

  /** How many standard errors are convincing: more where few clusters tell what the error is. */
  private double convincing() {
    return TDistribution.of(Math.max(1, clusters - 1)).inverseSurvivalProbability(SIGNIFICANCE / 2);
  }

  /** What the rounding of sums in float32 may leave, in the unit of J. */
  private double rounding() {
    double norm = Math.sqrt(Arrays.stream(total.values()).map(value -> value * value).sum());
    return ROUNDING * Math.max(norm, Math.abs(clean().value()) + Math.abs(corrupted().value()));
  }

  /** The completeness gap in words, or that there is none to speak of. */
  public String completeness() {
    if (!method.addsUp()) {
      return "the scores add up to %.4g; those of %s need not add up to J(1) − J(0), so no gap is reported"
          .formatted(total.sum().value(), method.label());
    }
    double difference = ends.difference().value();
    String gapText =
        "the scores add up to %.4g, J(1) − J(0) is %.4g: a gap of %.2g ± %.2g"
            .formatted(difference + gap.value(), difference, gap.value(), gap.standardError());
    if (Double.isNaN(gap.value()) || Double.isNaN(gap.standardError())) {
      return gapText + ", which cannot be judged";
    }
    if (incomplete()) {
      return gapText + ", more than its error explains; raise --points";
    }
    if (Math.abs(gap.value()) > 3 * gap.standardError() + rounding()) {
      return gapText
          + ", more than three times its error, but %d clusters are too few to tell"
              .formatted(clusters);
    }
    return gap.standardError() == 0
        ? gapText + ", no more than rounding"
        : gapText
            + ", within its error, as any up to %.2g would be"
                .formatted(convincing() * gap.standardError());
  }
}
