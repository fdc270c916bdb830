package dev.cotrace.gate;

import dev.cotrace.model.HeadOutput;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Corrupted values from a corrupted run in the same batch.
 *
 * @param alignment for each live slot the slot of {@code [rows · time]} whose corrupted value
 *     stands in for it; null when it is the same slot everywhere
 * @param noise added to the embedding of the corrupted rows, {@code [rows, time, D]}; null for none
 */
record CorruptedRows(Blocks blocks, @Nullable Tensor alignment, @Nullable Tensor noise)
    implements CorruptedValues {
  @Override
  public @Nullable Tensor units() {
    return null;
  }

  @Override
  public void corrupt(Tensor embedding) {
    if (noise != null) {
      blocks.corrupted(embedding, 0).add_(noise);
    }
  }

  @Override
  public Tensor stream(Tensor sum, int sources) {
    return aligned(sum);
  }

  @Override
  public Tensor output(int source, Tensor output) {
    return aligned(output);
  }

  @Override
  public Tensor heads(Tensor z) {
    return aligned(z);
  }

  @Override
  public Tensor headDifferences(int source, Tensor z, HeadOutput output) {
    return output.perHead(blocks.live(z, 0).sub(aligned(z)));
  }

  /** The corrupted rows of {@code x} at the live positions; a view when nothing is to be moved. */
  private Tensor aligned(Tensor x) {
    Tensor rows = blocks.corrupted(x, 0);
    return alignment == null
        ? rows
        : rows.reshape(-1, rows.size(2) * (rows.dim() == 4 ? rows.size(3) : 1))
            .index_select(0, alignment)
            .reshape(rows.shape());
  }
}
