package dev.cotrace.gate;

import dev.cotrace.torch.Placement;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Clean and corrupted token sequences of a batch, row by row; the two of a row have equal length.
 *
 * @param clean ids of each row
 * @param corrupted ids of each row
 */
public record SequencePairs(List<int[]> clean, List<int[]> corrupted) {
  /** Refuses an empty batch and rows of unequal length. */
  public SequencePairs {
    if (clean.isEmpty() || clean.size() != corrupted.size()) {
      throw new IllegalArgumentException(
          "a batch needs as many corrupted as clean sequences, at least one; got %d and %d"
              .formatted(corrupted.size(), clean.size()));
    }
    for (int row = 0; row < clean.size(); row++) {
      if (clean.get(row).length == 0 || clean.get(row).length != corrupted.get(row).length) {
        throw new IllegalArgumentException(
            "row %d: clean and corrupted sequences must have the same number of tokens, at least one; got %d and %d"
                .formatted(row, clean.get(row).length, corrupted.get(row).length));
      }
    }
    clean = List.copyOf(clean);
    corrupted = List.copyOf(corrupted);
  }

  /** Number of rows. */
  public int rows() {
    return clean.size();
  }

  /** Tokens of the longest row. */
  public int longest() {
    return clean.stream().mapToInt(ids -> ids.length).max().orElseThrow();
  }

  /** Slots each row of each block must skip to end where the longest row ends. */
  long[] leftPadding(Blocks blocks) {
    long[] padding = new long[blocks.total()];
    for (int row = 0; row < padding.length; row++) {
      padding[row] = (long) longest() - clean.get(row % rows()).length;
    }
    return padding;
  }

  /**
   * The ids of all blocks, {@code [blocks · rows, longest]}, each row beginning after its padding;
   * what no row fills is id 0, which nothing may look at.
   */
  Tensor ids(Placement placement, Blocks blocks, long[] padding) {
    int width = longest();
    long[] ids = new long[blocks.total() * width];
    for (int block = 0; block < blocks.count(); block++) {
      List<int[]> rows = block == 1 ? corrupted : clean;
      for (int row = 0; row < rows(); row++) {
        int at = block * rows() + row;
        int[] sequence = rows.get(row);
        for (int t = 0; t < sequence.length; t++) {
          ids[at * width + Math.toIntExact(padding[at]) + t] = sequence[t];
        }
      }
    }
    return placement.indices(ids, blocks.total(), width);
  }
}
