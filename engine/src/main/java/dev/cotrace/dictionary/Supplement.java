package dev.cotrace.dictionary;

import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What the files of a dictionary may leave open and whoever reads it tells. What they do say is not
 * changed by it: another site than theirs is refused.
 *
 * @param input where it reads
 * @param output where it writes; of no use for dictionaries that write where they read
 * @param inputScale the factor by which inputs were multiplied under {@code
 *     expected_average_only_in}, above 0: SAELens' list of dictionaries calls it {@code
 *     norm_scaling_factor}
 */
public record Supplement(Optional<Site> input, Optional<Site> output, OptionalDouble inputScale) {
  /** Refuses factors that are none. */
  public Supplement {
    if (inputScale.isPresent()
        && !(inputScale.getAsDouble() > 0 && Double.isFinite(inputScale.getAsDouble()))) {
      throw new IllegalArgumentException(
          "expected a factor of inputs above 0, got " + inputScale.getAsDouble());
    }
  }

  /**
   * What a user told.
   *
   * @param hook TransformerLens' name of where it reads and writes; null for nothing
   * @param hookOut and of where it writes, if elsewhere
   * @param inputScale the factor of inputs; null for nothing
   * @throws IllegalArgumentException when there is no such hook, or the factor is none
   */
  public static Supplement of(
      @Nullable String hook, @Nullable String hookOut, @Nullable Double inputScale) {
    Optional<Site> input = Optional.ofNullable(hook).map(Site::ofHook);
    return new Supplement(
        input,
        hookOut == null ? input : Optional.of(Site.ofHook(hookOut)),
        inputScale == null ? OptionalDouble.empty() : OptionalDouble.of(inputScale));
  }

  /** Nothing is told. */
  public static Supplement none() {
    return new Supplement(Optional.empty(), Optional.empty(), OptionalDouble.empty());
  }

  /** A dictionary that reads and writes at {@code site}. */
  public static Supplement at(Site site) {
    return between(site, site);
  }

  /** A transcoder from {@code input} to {@code output}. */
  public static Supplement between(Site input, Site output) {
    return new Supplement(Optional.of(input), Optional.of(output), OptionalDouble.empty());
  }

  /** The same with the factor of the inputs. */
  public Supplement scaledBy(double factor) {
    return new Supplement(input, output, OptionalDouble.of(factor));
  }
}
