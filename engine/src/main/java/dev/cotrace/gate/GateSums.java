package dev.cotrace.gate;

import dev.cotrace.model.PullBack;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The gradients of gates, summed over the positions of each part, as they come out of the
 * cotangents of one pass after another.
 */
sealed interface GateSums permits Contraction, UnitSums {
  /**
   * Cotangents at a pass's places.
   *
   * @param logits of what the logits read, {@code [C, n, D]}
   * @param heads for each layer, what {@link #ofHeads} took
   * @param mlps for each layer, of what its MLP read, {@code [C, n, D]}
   * @param cuts of what goes on behind each cut of the stream, {@code [C, n, D]}
   */
  record Cotangents(Tensor logits, List<Tensor> heads, List<Tensor> mlps, List<Tensor> cuts) {}

  /** What has to be kept of a layer's heads until the whole pass is done. */
  Tensor ofHeads(PullBack.Heads heads);

  /**
   * Adds the places of a pass.
   *
   * @param own the places
   * @param slots of their reads, {@code [n]}
   */
  void add(int[] own, Tensor slots, Cotangents cotangents);

  /** All that was added. */
  GateGradients toArrays();
}
