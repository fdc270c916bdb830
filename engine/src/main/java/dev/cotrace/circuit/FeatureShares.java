package dev.cotrace.circuit;

import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How much of all scores features have, and what they leave over: completeness with and without
 * errors (METHOD §5).
 *
 * @param features the sum of features' scores
 * @param errors the sum of what dictionaries leave over
 * @param others the sum of nodes that are not cut
 */
public record FeatureShares(Estimate features, Estimate errors, Estimate others) {
  /** Those of {@code attribution}; nothing where it is not of features. */
  public static Optional<FeatureShares> of(Attribution attribution) {
    return attribution.units() instanceof Pieces pieces && pieces.level() == Level.FEATURE
        ? Optional.of(
            new FeatureShares(
                attribution.sum(cells(pieces, true, false)),
                attribution.sum(cells(pieces, true, true)),
                attribution.sum(cells(pieces, false, false))))
        : Optional.empty();
  }

  private static int[] cells(Pieces pieces, boolean cut, boolean error) {
    return IntStream.range(0, pieces.cells())
        .filter(cell -> pieces.isError(cell) == error)
        .filter(cell -> (pieces.parts().get(pieces.part(cell)).cut() == Part.Cut.FEATURES) == cut)
        .toArray();
  }
}
