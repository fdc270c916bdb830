package dev.cotrace.model;

import dev.cotrace.model.Weights.MlpWeights;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * An MLP's output as a sum over its hidden units, {@code Σ_i h_i w_i} and a bias. All methods run
 * in the caller's scope.
 *
 * <p>Where a norm with gain γ follows, what enters the stream is {@code γ · s / rms(s)} with {@code
 * s = Σ_i h_i w_i}. Unit i's share is {@code γ · w_i h_i / rms(s)}: the shares add up to what
 * enters. {@link #hidden} divides h by rms(s); everything after it is linear in h.
 */
public final class MlpOutput {
  private final Decoder decoder;
  private final MlpWeights weights;

  MlpOutput(Decoder decoder, int layer) {
    this.decoder = decoder;
    weights = decoder.layer(layer).mlp();
  }

  /** h of what the MLP read {@code [n, D]}, over rms(s) where a norm follows: {@code [n, F]}. */
  public Tensor hidden(Tensor read) {
    Tensor hidden = decoder.mlpHidden(weights, read);
    @Nullable Norm after = weights.postNorm();
    return after == null ? hidden : hidden.mul(after.inverseRoot(weights.down().apply(hidden)));
  }

  /** What hidden units {@code [n, F]}, as {@link #hidden} gives them, write: {@code [n, D]}. */
  public Tensor written(Tensor hidden) {
    return afterGain(hidden.matmul(weights.down().weight().t()));
  }

  /** What hidden unit {@code number} writes at {@code hidden [n, 1]}, {@code [n, D]}. */
  public Tensor written(Tensor hidden, long number) {
    return afterGain(hidden.mul(weights.down().weight().select(1, number)));
  }

  /** The norm of what each hidden unit writes at 1, {@code [F]}. */
  public Tensor norms() {
    @Nullable Norm after = weights.postNorm();
    Tensor weight = weights.down().weight(); // [D, F]
    Tensor gained = after == null ? weight : weight.mul(after.weight().unsqueeze(1));
    return gained.square().sum(new long[] {0}, false, null).sqrt();
  }

  /** Whether a norm follows. */
  public boolean isNormed() {
    return weights.postNorm() != null;
  }

  /** The bias {@code [D]}, or null. */
  public @Nullable Tensor bias() {
    return weights.down().bias();
  }

  /** The MLP's output before a norm that follows, of what it read {@code [n, D]}. */
  public Tensor raw(Tensor read) {
    return weights.down().apply(decoder.mlpHidden(weights, read));
  }

  /**
   * {@code 1 / rms} of raw outputs {@code [n, D]} where a norm follows, {@code [n, 1]}; else null.
   */
  public @Nullable Tensor inverseRoot(Tensor raw) {
    @Nullable Norm after = weights.postNorm();
    return after == null ? null : after.inverseRoot(raw);
  }

  /** What {@code x [n, D]}, over the norm's root where a norm follows, is in the stream. */
  public Tensor afterGain(Tensor x) {
    @Nullable Norm after = weights.postNorm();
    return after == null ? x : x.mul(after.weight());
  }

  /** {@code ⟨w_i, g⟩} of every unit, {@code [C, n, F]}, for cotangents g {@code [C, n, D]}. */
  public Tensor along(Tensor cotangents) {
    return afterGain(cotangents).matmul(weights.down().weight());
  }
}
