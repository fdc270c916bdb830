package dev.cotrace.circuit;

/**
 * What all gates at once do to J.
 *
 * @param clean J(1), by sampling from the clean model
 * @param corrupted J(0), by sampling from the corrupted model
 * @param difference J(1) − J(0), with its error over the same prompts
 */
public record Ends(Estimate clean, Estimate corrupted, Estimate difference) {
  /** Two ends of which it is not known on which prompts they differ: as if of different prompts. */
  public static Ends unpaired(Estimate clean, Estimate corrupted) {
    return new Ends(clean, corrupted, clean.minus(corrupted));
  }

  /** Whether J(1) and J(0) are the same within three standard errors of their difference. */
  public boolean alike() {
    return !(Math.abs(difference.value()) > 3 * difference.standardError());
  }
}
