package dev.cotrace.dictionary;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a dictionary does to its input first, and undoes on its output. Source: SAELens 6.54,
 * sae.py, {@code _setup_activation_normalization}.
 */
public enum Normalisation {
  /** Nothing. */
  NONE,
  /**
   * Inputs are expected times a factor that makes their norm √dIn in the mean. The factor is in no
   * file of the dictionary: it is told, and then folded into the weights, or inputs come scaled.
   */
  EXPECTED_AVERAGE_ONLY_IN,
  /** Each input is scaled to the norm √dIn: {@code x · √dIn / ‖x‖}. */
  CONSTANT_NORM_RESCALE,
  /** Each input is centred and scaled: {@code (x − mean) / (std + 1e-5)}, std with dIn − 1. */
  LAYER_NORM;

  private static final double EPSILON = 1e-5;

  /** Less than any activation has, and its inverse is a number at every precision. */
  private static final double LEAST_NORM = 1e-30;

  /** SAELens' name. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Normalisation of(String key) {
    return Arrays.stream(values())
        .filter(each -> each.key().equals(key))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "expected normalize_activations %s, got '%s'"
                    .formatted(
                        Arrays.stream(values())
                            .map(Normalisation::key)
                            .collect(Collectors.joining(", ")),
                        Site.excerpt(key))));
  }

  /** {@code x} as the encoder reads it, [N, dIn]; in the caller's scope. */
  Tensor into(Tensor x) {
    return switch (this) {
      case NONE, EXPECTED_AVERAGE_ONLY_IN -> x;
      case CONSTANT_NORM_RESCALE -> x.mul(coefficient(x));
      case LAYER_NORM -> {
        Tensor offset = x.sub(mean(x));
        yield offset.div(deviation(offset).add(new Scalar(EPSILON)));
      }
    };
  }

  /** What the decoder gives, {@code y} [N, dIn], as an activation like {@code x} [N, dIn]. */
  Tensor outOf(Tensor y, Tensor x) {
    return switch (this) {
      case NONE, EXPECTED_AVERAGE_ONLY_IN -> y;
      case CONSTANT_NORM_RESCALE -> y.div(coefficient(x));
      case LAYER_NORM -> {
        Tensor mean = mean(x);
        yield y.mul(deviation(x.sub(mean))).add(mean);
      }
    };
  }

  /** The factor by which {@link #outOf} multiplies, {@code [N, 1]}; null for 1. */
  @Nullable Tensor factor(Tensor x) {
    return switch (this) {
      case NONE, EXPECTED_AVERAGE_ONLY_IN -> null;
      case CONSTANT_NORM_RESCALE -> coefficient(x).reciprocal();
      case LAYER_NORM -> deviation(x.sub(mean(x)));
    };
  }

  /** Where x is zero, features are those of zero and add nothing; SAELens has no number there. */
  private static Tensor coefficient(Tensor x) {
    Tensor norm = x.square().sum(new long[] {-1}, true, null).sqrt(); // [N, 1]
    norm = norm.clamp_min(new Scalar(LEAST_NORM));
    return norm.reciprocal().mul(new Scalar(Math.sqrt((double) x.size(1))));
  }

  private static Tensor mean(Tensor x) {
    return x.mean(new long[] {-1}, true, null); // [N, 1]
  }

  /** Of the mean 0. */
  private static Tensor deviation(Tensor offset) {
    Tensor squares = offset.square().sum(new long[] {-1}, true, null);
    return squares.div(new Scalar((double) offset.size(1) - 1)).sqrt(); // [N, 1]
  }
}
