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

  /** The stream {@code [n, D]} normalised, with gain and bias. */
  public Tensor of(Tensor read) {
    return norm.apply(read);
  }
}
