package dev.cotrace.attribution;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Units;
import dev.cotrace.rollout.Randomness;
import java.util.Arrays;
import java.util.List;

/** {@link Method#RANDOM}: uniform in [−1, 1), a function of the seed and the cell alone. */
public final class RandomScores {
  /** No job has this stream. */
  private static final long STREAM = -1;

  private RandomScores() {}

  /** Scores of all units, as if they were direct. They estimate nothing, so have no errors. */
  public static Attribution attribute(Workload work, Evaluation ends) {
    Units units = work.model().units();
    Randomness randomness = new Randomness(work.settings().seed());
    double[] values = new double[units.cells()];
    for (int cell : units.unitCells()) {
      values[cell] = 2 * randomness.uniform(STREAM, 0, cell) - 1;
    }
    double[] unknown = new double[values.length];
    Arrays.fill(unknown, Double.NaN);
    Scores scores =
        new Scores(values, unknown, new Estimate(Arrays.stream(values).sum(), Double.NaN));
    double[] nothing = new double[values.length];
    return new Attribution(
        units,
        Method.RANDOM,
        scores,
        scores,
        new Scores(nothing, nothing, Estimate.exact(0)),
        ends.both(),
        new Estimate(Double.NaN, Double.NaN),
        /* clusters= */ 1,
        /* points= */ 0,
        ends.sampledTokens(),
        ClusterSums.NONE,
        List.of());
  }
}
