package dev.cotrace.gate;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The blocks of rows of a gated batch: live, then corrupted.
 *
 * @param rows rows of each block
 * @param corrupted whether there is a corrupted block
 */
public record Blocks(int rows, boolean corrupted) {
  /** Number of blocks. */
  public int count() {
    return corrupted ? 2 : 1;
  }

  /** Rows of all blocks together. */
  public int total() {
    return rows * count();
  }

  /** The live rows of {@code x}, whose rows lie along dimension {@code dim}; a view. */
  public Tensor live(Tensor x, int dim) {
    return x.narrow(dim, 0, rows);
  }

  /** The corrupted rows of {@code x}; a view. */
  public Tensor corrupted(Tensor x, int dim) {
    return x.narrow(dim, rows, rows);
  }

  /** All rows of {@code x} but the live ones; a view. */
  public Tensor plain(Tensor x, int dim) {
    return x.narrow(dim, rows, (long) rows * (count() - 1));
  }

  /** {@code live} followed by the plain rows of {@code x}; itself when there are none. */
  Tensor withPlain(Tensor live, Tensor x) {
    return count() == 1 ? live : torch.cat(new TensorVector(live, plain(x, 0)), 0);
  }
}
