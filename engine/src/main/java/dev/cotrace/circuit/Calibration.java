package dev.cotrace.circuit;

import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/**
 * How well scores foretell what interventions do. Errors are those of drawing other edges: standard
 * deviations over {@value #RESAMPLES} resamples of the pairs.
 *
 * @param pairs number of interventions
 * @param pearson correlation of score and effect
 * @param spearman correlation of their ranks
 * @param slope of the line through the origin that foretells effects best from scores
 * @param withinErrors share of effects that the 95 % intervals of the differences from their scores
 *     allow; NaN where one has no error
 */
public record Calibration(
    int pairs, Estimate pearson, Estimate spearman, Estimate slope, Estimate withinErrors) {
  private static final int RESAMPLES = 1000;

  /** Of a normal distribution, 95 % lies within as many standard deviations. */
  private static final double TWO_SIDED = 1.96;

  /**
   * One intervention.
   *
   * @param score foretold
   * @param effect measured
   * @param rounding how far arithmetic alone may bring them apart
   */
  public record Pair(Estimate score, Estimate effect, double rounding) {
    /** Whether their difference is within its error, taking them for independent. */
    public boolean withinErrors() {
      Estimate difference = effect.minus(score);
      return Math.abs(difference.value()) <= TWO_SIDED * difference.standardError() + rounding;
    }
  }

  /** Of {@code pairs}; NaN where there are less than two, without errors where there are two. */
  public static Calibration of(List<Pair> pairs, long seed) {
    boolean known =
        pairs.stream()
            .map(pair -> pair.effect.minus(pair.score))
            .noneMatch(difference -> Double.isNaN(difference.standardError()));
    return new Calibration(
        pairs.size(),
        estimate(pairs, seed, some -> Ranks.pearson(scores(some), effects(some))),
        estimate(pairs, seed, some -> Ranks.correlation(scores(some), effects(some))),
        estimate(pairs, seed, Calibration::slope),
        known ? estimate(pairs, seed, Calibration::within) : new Estimate(Double.NaN, Double.NaN));
  }

  private static double[] scores(List<Pair> pairs) {
    return pairs.stream().mapToDouble(pair -> pair.score.value()).toArray();
  }

  private static double[] effects(List<Pair> pairs) {
    return pairs.stream().mapToDouble(pair -> pair.effect.value()).toArray();
  }

  private static double slope(List<Pair> pairs) {
    double product = 0;
    double square = 0;
    for (Pair pair : pairs) {
      product += pair.score.value() * pair.effect.value();
      square += pair.score.value() * pair.score.value();
    }
    return product / square;
  }

  private static double within(List<Pair> pairs) {
    return pairs.stream().filter(Pair::withinErrors).count() / (double) pairs.size();
  }

  private static Estimate estimate(
      List<Pair> pairs, long seed, ToDoubleFunction<List<Pair>> statistic) {
    if (pairs.size() < 2) {
      return new Estimate(Double.NaN, Double.NaN);
    }
    if (pairs.size() == 2) {
      // Resamples of two pairs are those two again, or one of them alone: they tell no error.
      return new Estimate(statistic.applyAsDouble(pairs), Double.NaN);
    }
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    double[] resampled =
        IntStream.range(0, RESAMPLES)
            .mapToDouble(_ ->
                statistic.applyAsDouble(
                    random.ints(pairs.size(), 0, pairs.size()).mapToObj(pairs::get).toList()))
            .filter(Double::isFinite) // A resample of one pair alone has no correlation.
            .toArray();
    return new Estimate(statistic.applyAsDouble(pairs), deviation(resampled));
  }

  /** Standard deviation; NaN for less than two values. */
  private static double deviation(double[] values) {
    // The error of a mean, times the root of how many it is of.
    return values.length == 0
        ? Double.NaN
        : Estimate.mean(values).standardError() * Math.sqrt(values.length);
  }
}
