package dev.cotrace;

import java.nio.file.Path;
import java.util.List;

/**
 * What an evaluation looks at.
 *
 * @param sizes of the circuits that are chosen by the scores
 * @param knockouts how often a random half of the circuit is taken out, for completeness
 * @param removals how many edges of the circuit are taken out one by one, for minimality
 * @param out the directory to make
 */
public record SweepSettings(List<CircuitSize> sizes, int knockouts, int removals, Path out) {
  /** The sizes of MIB (Mueller et al. 2025). */
  public static final String MIB_SIZES = "0.1%,0.2%,0.5%,1%,2%,5%,10%,20%,50%,100%";

  /** Refuses numbers below zero. */
  public SweepSettings {
    sizes = List.copyOf(sizes);
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException("--sizes needs at least one size, such as 200");
    }
    if (knockouts < 0) {
      throw new IllegalArgumentException("--knockouts must not be negative, got " + knockouts);
    }
    if (removals < 0) {
      throw new IllegalArgumentException("--removals must not be negative, got " + removals);
    }
  }

  /**
   * How often rollouts of a circuit are sampled, or run, in all: every size in the scores' circuit,
   * in the clean model's words, in a random circuit and in one of magnitudes.
   */
  int circuits() {
    return 4 * (1 + sizes.size()) + 1 + 2 * knockouts + removals;
  }
}
