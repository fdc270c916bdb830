package dev.cotrace.rollout;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What next tokens are drawn by, in double precision: a few rows at a time, so that what is made of
 * a whole vocabulary stays in the caches and takes no fresh memory in every step.
 *
 * @param values logits {@code [rows, V]}
 * @param temperature divides them
 * @param exact float64, where the values are
 */
record Logits(Tensor values, double temperature, Placement exact) {
  /** Numbers in float64 at a time: 1 MiB, below what libtorch asks the system for page by page. */
  private static final int AT_ONCE = 1 << 17;

  /** Logits at {@code place}. */
  static Logits of(Tensor values, double temperature, Placement place) {
    return new Logits(values, temperature, new Placement(Precision.FLOAT64, place.device()));
  }

  /** Makes something of some rows. */
  @FunctionalInterface
  interface Rows {
    /**
     * Of one or more rows.
     *
     * @param first which is the first
     * @param scaled logits over temperature of these rows, {@code [count, V]} in float64
     * @return as many rows, of any one width
     */
    Tensor of(int first, Tensor scaled);
  }

  /** Number of rows. */
  int rows() {
    return Math.toIntExact(values.size(0));
  }

  /** V. */
  int vocabulary() {
    return Math.toIntExact(values.size(1));
  }

  /** Logits over temperature in one row, {@code [V]}. */
  Tensor row(int row) {
    return scaled(values.select(0, row));
  }

  /** What {@code made} makes of all rows, in order; in the caller's scope. */
  Tensor made(Rows made) {
    int step = Math.max(1, AT_ONCE / vocabulary());
    try (Scope scope = new Scope()) {
      TensorVector parts = new TensorVector();
      for (int first = 0; first < rows(); first += step) {
        try (Scope part = new Scope()) {
          int count = Math.min(step, rows() - first);
          parts.push_back(part.keep(made.of(first, scaled(values.narrow(0, first, count)))));
        }
      }
      return scope.keep(torch.cat(parts, 0));
    }
  }

  private Tensor scaled(Tensor some) {
    return some.to(Precision.FLOAT64.type()).div(new Scalar(temperature));
  }
}
