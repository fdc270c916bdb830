package dev.cotrace.gate;

import dev.cotrace.model.HeadOutput;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The corrupted values at the live positions, for one call of the forward pass: what every gated
 * stream takes them from. All methods run in the caller's scope.
 */
interface CorruptedValues {
  /** Amounts of all pieces where they are no run's, {@code [cells]}; null for zeros. */
  @Nullable Tensor units();

  /** Puts on the embedding of all rows, in place, what the corruption adds to it. */
  void corrupt(Tensor embedding);

  /**
   * r', what a target that sees the first {@code sources} sources reads at gate 0; fits {@code
   * [rows, time, D]}.
   *
   * @param sum the stream of all rows, {@code [blocks · rows, time, D]}
   */
  Tensor stream(Tensor sum, int sources);

  /**
   * o'_u of the input or an MLP; fits {@code [rows, time, D]}.
   *
   * @param output of all rows, {@code [blocks · rows, time, D]}
   */
  Tensor output(int source, Tensor output);

  /**
   * z' of the heads, fits the live rows of {@code z}; null where o' is no run and has none.
   *
   * @param z the heads' values in all rows, {@code [blocks · rows, time, H, dHead]}
   */
  @Nullable Tensor heads(Tensor z);

  /**
   * o_u − o'_u of the heads from {@code source} on, {@code [H, rows · time, D]}.
   *
   * @param z the heads' values in all rows, {@code [blocks · rows, time, H, dHead]}
   */
  Tensor headDifferences(int source, Tensor z, HeadOutput output);
}
