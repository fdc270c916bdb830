package dev.cotrace.attribution;

import dev.cotrace.rollout.ModelTerm;
import dev.cotrace.rollout.Objective;
import java.util.HashSet;
import java.util.List;

/**
 * Which references stand beside the scores.
 *
 * @param reference each at most once
 * @param referenceRollouts clean rollouts of each prompt whose sentences are valued
 * @param referenceContinuations drawn after each sentence
 */
public record ReferenceSettings(
    List<Reference> reference, int referenceRollouts, int referenceContinuations) {
  /** None. */
  public static final ReferenceSettings NONE = new ReferenceSettings(List.of(), 1, 8);

  /** Refuses what defines no reference. */
  public ReferenceSettings {
    reference = List.copyOf(reference);
    if (new HashSet<>(reference).size() < reference.size()) {
      throw new IllegalArgumentException("--reference names one of them twice");
    }
    if (referenceRollouts < 1) {
      throw new IllegalArgumentException(
          "--reference-rollouts must be at least 1, got " + referenceRollouts);
    }
    if (referenceContinuations < 2) {
      throw new IllegalArgumentException(
          "--reference-continuations must be at least 2, got %d: one alone tells no error"
              .formatted(referenceContinuations));
    }
  }

  /** Whether {@code which} is asked for. */
  public boolean has(Reference which) {
    return reference.contains(which);
  }

  /** Refuses references that a run with these settings cannot have. */
  public void require(Settings settings, Objective objective, int maxNewTokens) {
    if (!reference.isEmpty() && !settings.method().isGradient()) {
      throw new IllegalArgumentException(
          "--reference stands beside gradients, and --method %s takes none: leave one out"
              .formatted(settings.method().label()));
    }
    for (Reference which : List.of(Reference.TEACHER_FORCED, Reference.SENTENCES)) {
      if (has(which) && maxNewTokens == 0) {
        throw new IllegalArgumentException(
            "--reference %s is about sampled tokens, but --max-new-tokens is 0: leave it out"
                .formatted(which.label()));
      }
    }
    if (!has(Reference.SENTENCES)) {
      return;
    }
    if (settings.estimator() == Settings.Estimator.ENUMERATE) {
      throw new IllegalArgumentException(
          "--reference sentences continues sampled rollouts, but --estimator enumerate samples none: use --estimator sampled");
    }
    boolean divergence =
        objective.parts().stream()
            .allMatch(p -> p.term() == ModelTerm.KL || p.term() == ModelTerm.KL_REVERSE);
    if (divergence) {
      throw new IllegalArgumentException(
          "--reference sentences asks what a sentence does to %s, but that is 0 in every rollout of the clean model: use another --objective"
              .formatted(objective));
    }
  }
}
