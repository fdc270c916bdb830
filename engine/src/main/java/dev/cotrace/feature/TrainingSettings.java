package dev.cotrace.feature;

import dev.cotrace.dictionary.Form;
import dev.cotrace.dictionary.Form.Nonlinearity;
import dev.cotrace.dictionary.Site;
import dev.cotrace.dictionary.Site.Kind;

/**
 * What dictionary to train, and how.
 *
 * @param form top-k, or a transcoder with ReLU
 * @param input where it reads
 * @param output where it writes: the same site, unless it is a transcoder
 * @param features F
 * @param sparsity λ of a transcoder: how many times the sum of a position's activations, each times
 *     the norm of what its feature adds, counts beside the share of variance that is not explained,
 *     in units of the outputs' standard deviation; 0 for top-k
 * @param steps of Adam
 * @param batch B, positions in each
 * @param learningRate of Adam at its highest, for activations scaled to a variance of 1 a dimension
 * @param seed of the first directions and of the batches
 */
public record TrainingSettings(
    Form form,
    Site input,
    Site output,
    int features,
    double sparsity,
    int steps,
    int batch,
    double learningRate,
    long seed) {
  /** Refuses what cannot be trained. */
  public TrainingSettings {
    require("--features", features, 1);
    require("--steps", steps, 1);
    require("--batch", batch, 1);
    if (!(learningRate > 0) || Double.isInfinite(learningRate)) {
      throw new IllegalArgumentException(
          "--learning-rate must be a positive number, got " + learningRate);
    }
    if (!(sparsity >= 0) || Double.isInfinite(sparsity)) {
      throw new IllegalArgumentException("--sparsity must be a number from 0 on, got " + sparsity);
    }
    if (form.k() > features) {
      throw new IllegalArgumentException(
          "--k must be at most --features, %d, got %d".formatted(features, form.k()));
    }
  }

  private static void require(String flag, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          "%s must be at least %d, got %d".formatted(flag, least, value));
    }
  }

  /** The form of autoencoders with the {@code k} largest features of each position. */
  public static Form topK(int k) {
    require("--k", k, 1);
    return new Form(Nonlinearity.TOP_K, k, /* transcoder= */ false, /* skip= */ false);
  }

  /** The form of transcoders. */
  public static Form transcoder() {
    return new Form(Nonlinearity.RELU, 0, /* transcoder= */ true, /* skip= */ false);
  }

  /**
   * Where a transcoder that reads at {@code input} writes.
   *
   * @throws IllegalArgumentException when it is not what an MLP reads
   */
  public static Site transcoded(Site input) {
    if (input.kind() != Kind.MLP_INPUT && input.kind() != Kind.MLP_NORMALISED) {
      throw new IllegalArgumentException(
          "a transcoder reads what an MLP reads, blocks.%d.%s or blocks.%d.%s, got %s"
              .formatted(
                  input.layer(),
                  Kind.MLP_INPUT.hook(),
                  input.layer(),
                  Kind.MLP_NORMALISED.hook(),
                  input));
    }
    return new Site(Kind.MLP_OUTPUT, input.layer());
  }

  /** Whether the decoder's bias is taken from the input first: so autoencoders. */
  boolean shifted() {
    return !form.transcoder();
  }

  /** Of step {@code step}, from 0: rises over the first 20th, falls to 0 over the last fifth. */
  double rate(int step) {
    double up = (step + 1) / Math.max(1, steps / 20.0);
    double down = (steps - step) / Math.max(1, steps / 5.0);
    return learningRate * Math.min(1, Math.min(up, down));
  }
}
