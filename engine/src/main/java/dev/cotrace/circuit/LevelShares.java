package dev.cotrace.circuit;

import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * What the units that a level is about have of all scores, and what else has: for features,
 * completeness with and without errors (METHOD §5). Sums are in the unit of J, with their standard
 * errors; these are NaN where sums by cluster are not known.
 *
 * @param level the units: {@link Level#HEAD}, {@link Level#MLP}, {@link Level#NEURON} or {@link
 *     Level#FEATURE}
 * @param own the sum of their scores, but for errors
 * @param errors the sum of what dictionaries leave over; nothing without dictionaries
 * @param others the sum of other nodes; nothing where there are none
 */
public record LevelShares(
    Level level, Estimate own, Optional<Estimate> errors, Optional<Estimate> others) {
  /** Those of {@code attribution}; nothing where its level is about all that has a score. */
  public static Optional<LevelShares> of(Attribution attribution) {
    if (!(attribution.units() instanceof Pieces pieces)) {
      return Optional.empty();
    }
    return switch (pieces.level()) {
      case EDGE, NODE, RESIDUAL_DIM -> Optional.empty();
      case HEAD, MLP -> Optional.of(of(attribution, pieces, pieces::isCandidate));
      case NEURON, FEATURE -> Optional.of(of(attribution, pieces, pieces::isCut));
    };
  }

  private static LevelShares of(Attribution attribution, Pieces pieces, IntPredicate counted) {
    return new LevelShares(
        pieces.level(),
        attribution.sum(cells(pieces, cell -> counted.test(cell) && !pieces.isError(cell))),
        sum(attribution, cells(pieces, pieces::isError)),
        sum(attribution, cells(pieces, counted.negate())));
  }

  private static int[] cells(Pieces pieces, IntPredicate which) {
    return IntStream.range(0, pieces.cells()).filter(which).toArray();
  }

  private static Optional<Estimate> sum(Attribution attribution, int... cells) {
    return cells.length == 0 ? Optional.empty() : Optional.of(attribution.sum(cells));
  }
}
