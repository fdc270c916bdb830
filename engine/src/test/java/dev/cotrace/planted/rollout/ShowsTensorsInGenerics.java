package dev.cotrace.planted.rollout;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Hands tensors through the wall, wrapped. */
public final class ShowsTensorsInGenerics {
  /** The number of {@code tensors}. */
  public int count(List<Tensor> tensors) {
    return tensors.size();
  }
}
