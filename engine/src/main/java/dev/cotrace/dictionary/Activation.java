package dev.cotrace.dictionary;

import org.bytedeco.pytorch.Tensor;

/** What makes features of pre-activations p, [N, F]. */
sealed interface Activation {
  /** {@code max(0, p)}. */
  record Relu() implements Activation {}

  /**
   * p where it is above the threshold, else 0.
   *
   * @param threshold [F]
   * @param rectified whether negative p are 0 even above a threshold below 0: so SAELens, and not
   *     circuit-tracer
   */
  record JumpRelu(Tensor threshold, boolean rectified) implements Activation {}

  /**
   * {@code max(0, g · W x + m)} where {@code W x + b > 0}, else 0. Source: Rajamanoharan et al.
   * 2024, arXiv 2404.16014, eq. 6 to 8.
   *
   * @param gain g = exp(r_mag), [F]
   * @param bias m, [F]
   */
  record Gated(Tensor gain, Tensor bias) implements Activation {}

  /**
   * The k largest p of a position.
   *
   * @param rectified whether negative ones among them are 0: so SAELens, and not circuit-tracer
   */
  record TopK(int k, boolean rectified) implements Activation {}
}
