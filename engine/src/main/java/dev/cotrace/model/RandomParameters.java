package dev.cotrace.model;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import org.apache.commons.rng.core.source64.Philox4x64;
import org.bytedeco.pytorch.Tensor;

/**
 * Parameters of a model that was never trained: uniform with the standard deviation that gpt2 was
 * initialised with, gains 1.
 */
final class RandomParameters implements ParameterSource {
  private static final double DEVIATION = 0.02;

  /** Numbers drawn at a time, so that no copy of a whole matrix is on the heap. */
  private static final int PIECE = 1 << 20;

  private final Placement placement;
  private final ParameterLayout layout;
  private final Philox4x64 random;

  RandomParameters(Placement placement, ParameterLayout layout, long seed) {
    this.placement = placement;
    this.layout = layout;
    random = new Philox4x64(new long[] {seed, 0, 0, 0, 0, 0});
  }

  /** Whatever is asked for is there, but a copy of a tied embedding. */
  @Override
  public boolean has(String name) {
    return !name.endsWith(layout.names().unembedding() + ".weight");
  }

  @Override
  public Tensor read(String name, long... shape) {
    try (Scope scope = new Scope()) {
      Tensor values = placement.zeros(shape);
      boolean gain = shape.length == 1 && name.endsWith(".weight");
      if (!gain) {
        fill(values);
      } else if (!layout.offsetGains()) {
        values.add_(placement.tensor(new double[] {1}, 1));
      }
      return scope.keep(values);
    }
  }

  private void fill(Tensor values) {
    float widest = (float) (DEVIATION * Math.sqrt(3)); // of a uniform distribution around 0
    long count = values.numel();
    for (long first = 0; first < count; first += PIECE) {
      float[] piece = new float[(int) Math.min(PIECE, count - first)];
      for (int i = 0; i < piece.length; i++) {
        piece[i] = widest * (2 * random.nextFloat() - 1);
      }
      Placement.write(values, first, piece);
    }
  }
}
