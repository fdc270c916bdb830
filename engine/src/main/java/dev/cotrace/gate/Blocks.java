package dev.cotrace.gate;

import org.bytedeco.pytorch.Tensor;

/**
 * The blocks of rows of a gated batch, in the order live, corrupted, clean.
 *
 * @param rows rows of each block
 * @param clean whether there is a clean block
 */
public record Blocks(int rows, boolean clean) {
  /** Number of blocks. */
  public int count() {
    return clean ? 3 : 2;
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

  /** The clean rows of {@code x}; a view. */
  public Tensor clean(Tensor x, int dim) {
    return x.narrow(dim, 2L * rows, rows);
  }

  /** All rows of {@code x} but the live ones; a view. */
  public Tensor plain(Tensor x, int dim) {
    return x.narrow(dim, rows, (long) rows * (count() - 1));
  }
}
