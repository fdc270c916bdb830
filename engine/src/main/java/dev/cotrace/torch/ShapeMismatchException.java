package dev.cotrace.torch;

import java.util.Arrays;

/** A tensor came with another shape than its place needs. */
public final class ShapeMismatchException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /**
   * Says where, what was expected and what came.
   *
   * @param where the tensor's place, for example {@code blk.3.attn_q.weight}
   */
  public ShapeMismatchException(String where, long[] expected, long[] actual) {
    super(
        "shape mismatch in %s: expected %s, got %s"
            .formatted(where, Arrays.toString(expected), Arrays.toString(actual)));
  }
}
