package dev.cotrace.model;

import dev.cotrace.model.Weights.MlpWeights;
import org.bytedeco.pytorch.Tensor;

/** What an MLP makes of the residual stream before its first matrix. In the caller's scope. */
public final class MlpInput {
  private final Norm norm;

  MlpInput(MlpWeights weights) {
    norm = weights.norm();
  }

  /** The stream {@code [n, D]} normalised, before the norm's gain and bias. */
  public Tensor normalised(Tensor read) {
    return norm.standardised(read).unit();
  }

  /**
   * The cotangents of the stream for those of what this makes of it.
   *
   * @param read the stream {@code [n, D]}
   * @param cotangents of {@link #of}, or of {@link #normalised}, {@code [C, n, D]}
   * @param gained whether of {@link #of}
   */
  public Tensor pullBack(Tensor read, Tensor cotangents, boolean gained) {
    Tensor normalised = gained ? cotangents : cotangents.div(norm.weight());
    return norm.pullBack(norm.standardised(read), normalised);
  }

  /** The stream {@code [n, D]} normalised, with gain and bias. */
  public Tensor of(Tensor read) {
    return norm.apply(read);
  }
}
