package dev.cotrace.attribution;

import dev.cotrace.circuit.Method;

/**
 * Where on a method's way from the corrupted to the clean run gradients are taken.
 *
 * @param quadrature the rule
 * @param points number of its nodes; for the adaptive rule its budget
 */
public record Steps(Quadrature quadrature, int points) {
  /** What {@code method} takes unless told otherwise: EAP-IG's five steps for EAP-IG's methods. */
  public static Steps of(Method method) {
    return switch (method) {
      case IG_GATES, EXACT, RANDOM -> new Steps(Quadrature.ADAPTIVE, 75);
      case EAP_IG_INPUTS -> new Steps(Quadrature.LEFT, 5);
      case EAP_IG_ACTIVATIONS -> new Steps(Quadrature.RIGHT, 5);
      case CLEAN_CORRUPTED -> new Steps(Quadrature.TRAPEZOID, 2);
      case EAP -> new Steps(Quadrature.EAP, 1);
    };
  }

  /**
   * Refuses steps that are not the method's.
   *
   * @throws IllegalArgumentException saying what the method takes
   */
  void requireFor(Method method) {
    boolean own = equals(of(method));
    if (method == Method.CLEAN_CORRUPTED && !own) {
      throw new IllegalArgumentException(
          "--method clean-corrupted takes gradients at both ends and nowhere else: leave out --quadrature and --points");
    }
    if (method == Method.EAP && quadrature != Quadrature.EAP) {
      throw new IllegalArgumentException(
          "--method eap takes the gradient at the clean end and nowhere else: leave out --quadrature and --points");
    }
    if (points < quadrature.fewestPoints()) {
      throw new IllegalArgumentException(
          "--quadrature %s needs --points of at least %d, got %d"
              .formatted(quadrature.label(), quadrature.fewestPoints(), points));
    }
  }
}
