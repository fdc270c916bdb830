package dev.cotrace.attribution;

/** J(1) − J(0), by which changes of J become changes of faithfulness. */
final class Spread {
  private Spread() {}

  /**
   * The difference.
   *
   * @throws IllegalArgumentException when there is none
   */
  static double of(Evaluation ends) {
    double spread = ends.clean().value() - ends.corrupted().value();
    if (spread == 0 || Double.isNaN(spread)) {
      throw new IllegalArgumentException(
          "J(1) = %s and J(0) = %s do not differ, so there is no behaviour to keep: choose another objective or other prompts"
              .formatted(ends.clean().value(), ends.corrupted().value()));
    }
    return spread;
  }
}
