package dev.cotrace.gate;

import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import dev.cotrace.model.Architecture;
import org.jspecify.annotations.Nullable;

/** What of a corrupted run its units need to be compared with, beside what nodes write. */
record Comparisons(Units units, FeatureSites features) {
  /** The pieces of nodes that are compared, or the edges. */
  static Units of(Units units) {
    return units instanceof UnitEdges edges ? edges.pieces() : units;
  }

  /** Whether they need what the MLP of {@code layer} reads. */
  boolean mlpReads(int layer) {
    @Nullable FeatureSite site = features.mlp(layer);
    return of(units).level() == Level.NEURON || (site != null && site.readsMlpInput());
  }

  /** Whether they need what the MLP of {@code layer} writes. */
  boolean mlps(int layer) {
    @Nullable FeatureSite site = features.mlp(layer);
    return site != null && !site.readsMlpInput();
  }

  /** Whether they need the values of the heads of {@code layer}. */
  boolean heads(int layer) {
    return features.heads(layer) != null;
  }

  /** Whether they need these values of both runs before a norm divides them. */
  boolean headsBeforeNorm(int layer) {
    @Nullable FeatureSite site = features.heads(layer);
    return site != null && site.readsBeforeNorm();
  }

  /** How many numbers that is at a place. */
  long width(Architecture architecture) {
    long width = 0;
    for (int layer = 0; layer < architecture.layers(); layer++) {
      long values = (long) architecture.heads() * architecture.headDimension();
      width += headsBeforeNorm(layer) ? 2 * values : heads(layer) ? values : 0;
      width += mlpReads(layer) ? architecture.width() : 0;
      width += mlps(layer) ? architecture.width() : 0;
    }
    return width + 2L * features.cuts().size() * architecture.width();
  }
}
