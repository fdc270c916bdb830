package dev.cotrace.truth;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is measured.
 *
 * @param tasks names of known circuits; all where there are none
 * @param methods names of contenders; all where there are none
 * @param pairs prompt pairs of a run
 * @param rollouts K, as {@code discover} takes it
 * @param runs independent ones, with pairs of their own: errors are over them
 * @param seed of the first run; the others follow
 * @param out directory to make, for models, tasks and truths; null to keep nothing
 */
public record RecoverySettings(
    List<String> tasks,
    List<String> methods,
    int pairs,
    int rollouts,
    int runs,
    long seed,
    @Nullable Path out) {
  /** Refuses names that nothing has, and too little to measure by. */
  public RecoverySettings {
    tasks = List.copyOf(tasks);
    methods = List.copyOf(methods);
    KnownCircuit.named(tasks);
    Contender.named(methods);
    requireAtLeast("--pairs", 2, pairs);
    requireAtLeast("--rollouts", 2, rollouts);
    requireAtLeast("--runs", 2, runs);
  }

  private static void requireAtLeast(String flag, int least, int value) {
    if (value < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d, got %d".formatted(flag, least, value));
    }
  }
}
