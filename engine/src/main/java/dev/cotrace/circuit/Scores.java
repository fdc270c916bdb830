package dev.cotrace.circuit;

import java.util.List;
import java.util.stream.DoubleStream;

/**
 * One score for every edge with its standard error, both row-major {@code [nSrc, nDst]}; cells
 * without an edge are zero.
 *
 * <p>A positive score says that the clean value of the edge raises J.
 *
 * @param values in the unit of J
 * @param standardErrors in the unit of J; NaN where there is too little data to tell
 * @param sum of all values; its error is not that of independent scores
 */
public record Scores(double[] values, double[] standardErrors, Estimate sum) {
  /** These less {@code other}, independent scores of the same edges. */
  public Scores minus(Scores other) {
    double[] differences = new double[values.length];
    double[] errors = new double[values.length];
    for (int cell = 0; cell < values.length; cell++) {
      Estimate difference = at(cell).minus(other.at(cell));
      differences[cell] = difference.value();
      errors[cell] = difference.standardError();
    }
    return new Scores(differences, errors, sum.minus(other.sum));
  }

  /** Cells of the {@code count} edges with the largest |score|, the largest first. */
  public List<Integer> strongest(Units units, int count) {
    return Circuit.highest(units, DoubleStream.of(values).map(Math::abs).toArray(), count);
  }

  /** The score of {@code cell} with its error. */
  public Estimate at(int cell) {
    return new Estimate(values[cell], standardErrors[cell]);
  }
}
