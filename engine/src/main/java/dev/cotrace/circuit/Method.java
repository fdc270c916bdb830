package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What the score of an edge is: along which runs its gradient is taken, and of what (METHOD §5).
 */
public enum Method {
  /**
   * The integral of ∂J/∂z_e over equal gates of all edges: differences and gradients are those of
   * the same gated run.
   */
  IG_GATES(/* addsUp= */ true),
  /**
   * EAP-IG's inputs (Hanna et al. 2024, arXiv 2403.17806): the difference between the clean and the
   * corrupted run, frozen, with the gradient of a run whose input alone lies between the two,
   * averaged over such inputs.
   */
  EAP_IG_INPUTS(/* addsUp= */ false),
  /**
   * EAP-IG's activations: the same differences, with the gradients of clean runs in which what one
   * writer writes (the input, the heads of a layer, an MLP) is held between the two, averaged over
   * writers and such values.
   */
  EAP_IG_ACTIVATIONS(/* addsUp= */ false),
  /** The same differences, with the mean of the gradients of the clean and the corrupted run. */
  CLEAN_CORRUPTED(/* addsUp= */ false),
  /** Attribution patching: the same differences, with the gradients of the clean run. */
  EAP(/* addsUp= */ false),
  /** J(1) less J with the one edge corrupted: a real intervention on every edge. */
  EXACT(/* addsUp= */ false),
  /** Scores that know nothing, as a floor for the others. */
  RANDOM(/* addsUp= */ false);

  private final boolean addsUp;

  Method(boolean addsUp) {
    this.addsUp = addsUp;
  }

  /** Whether the scores of all edges add up to J(1) − J(0), but for errors. */
  public boolean addsUp() {
    return addsUp;
  }

  /** Whether scores are made of gradients. */
  public boolean isGradient() {
    return this != EXACT && this != RANDOM;
  }

  /** Its name on the command line and in files, for example {@code ig-gates}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The method called {@code label}. */
  public static Method of(String label) {
    return Arrays.stream(values())
        .filter(method -> method.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "expected the method to be one of %s, got '%s'"
                    .formatted(
                        Arrays.stream(values())
                            .map(Method::label)
                            .collect(Collectors.joining(", ")),
                        label)));
  }
}
