package dev.cotrace.planted.report;

import org.bytedeco.pytorch.Tensor;

/** Stands outside the libtorch wall and looks in. */
public final class SeesTensors {
  /** The number of elements of {@code tensor}. */
  public long count(Tensor tensor) {
    return tensor.numel();
  }
}
