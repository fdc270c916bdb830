package dev.cotrace.circuit;

import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * How much of all scores hidden units or features have, and how much what they leave over:
 * completeness with and without errors (METHOD §5).
 *
 * @param nouns what nodes are cut into, in words
 * @param pieces the sum of their scores, but for errors
 * @param errors the sum of what dictionaries leave over; nothing without dictionaries
 * @param others the sum of nodes that are not cut; nothing where all is
 */
public record CutShares(
    String nouns, Estimate pieces, Optional<Estimate> errors, Optional<Estimate> others) {
  /** Those of {@code attribution}; nothing where no hidden units or features are scored. */
  public static Optional<CutShares> of(Attribution attribution) {
    return attribution.units() instanceof Pieces pieces
            && (pieces.level() == Level.NEURON || pieces.level() == Level.FEATURE)
        ? Optional.of(of(attribution, pieces))
        : Optional.empty();
  }

  private static CutShares of(Attribution attribution, Pieces pieces) {
    return new CutShares(
        pieces.level().nouns(),
        attribution.sum(cells(pieces, cell -> pieces.isCut(cell) && !pieces.isError(cell))),
        sum(attribution, cells(pieces, pieces::isError)),
        sum(attribution, cells(pieces, cell -> !pieces.isCut(cell))));
  }

  private static int[] cells(Pieces pieces, IntPredicate which) {
    return IntStream.range(0, pieces.cells()).filter(which).toArray();
  }

  private static Optional<Estimate> sum(Attribution attribution, int... cells) {
    return cells.length == 0 ? Optional.empty() : Optional.of(attribution.sum(cells));
  }
}
