package dev.cotrace.gate;

import dev.cotrace.torch.Placement;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Clean and corrupted token sequences of a batch, row by row.
 *
 * @param rows at least one
 * @param corruption where the corrupted values come from
 */
public record SequencePairs(List<Row> rows, Corruption corruption) {
  /**
   * The sequences of one row; equal to another of the same sequences.
   *
   * @param clean ids
   * @param corrupted ids; empty where there is no corrupted run
   * @param alignment for each of the first clean positions the corrupted position whose value
   *     stands in for it; the positions after these follow in step. Empty when position t stands in
   *     for position t
   * @param noise names the noise on its embeddings, where there is any
   */
  public record Row(int[] clean, int[] corrupted, int[] alignment, long noise) {
    /** Refuses an empty sequence. */
    public Row {
      if (clean.length == 0) {
        throw new IllegalArgumentException("a clean sequence needs at least one token");
      }
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Row that
          && noise == that.noise
          && Arrays.equals(clean, that.clean)
          && Arrays.equals(corrupted, that.corrupted)
          && Arrays.equals(alignment, that.alignment);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * Arrays.hashCode(clean) + Arrays.hashCode(corrupted)) + Long.hashCode(noise);
    }

    /** Tokens that the corrupted sequence must have. */
    private int expected() {
      int aligned = alignment.length;
      return aligned == 0 ? clean.length : clean.length - aligned + alignment[aligned - 1] + 1;
    }

    /** The corrupted position that stands in for {@code position}. */
    private int standIn(int position) {
      int aligned = alignment.length;
      if (position < aligned) {
        return alignment[position];
      }
      return aligned == 0 ? position : position - aligned + alignment[aligned - 1] + 1;
    }
  }

  /** Refuses an empty batch and sequences that do not fit each other. */
  public SequencePairs {
    rows = List.copyOf(rows);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("a batch needs at least one row");
    }
    for (int i = 0; i < rows.size() && corruption.runs(); i++) {
      Row row = rows.get(i);
      if (row.corrupted.length != row.expected()) {
        throw new IllegalArgumentException(
            "row %d: a clean sequence of %d tokens needs a corrupted one of %d, got %d"
                .formatted(i, row.clean.length, row.expected(), row.corrupted.length));
      }
    }
  }

  /** The blocks of a batch of these. */
  Blocks blocks() {
    return new Blocks(rows.size(), corruption.runs());
  }

  /** Tokens of the longest sequence. */
  public int longest() {
    return rows.stream()
        .mapToInt(row -> Math.max(row.clean.length, row.corrupted.length))
        .max()
        .orElseThrow();
  }

  /** The sequence in row {@code at} of all blocks. */
  private int[] sequence(Blocks blocks, int at) {
    Row row = rows.get(at % rows.size());
    return at < blocks.rows() ? row.clean : row.corrupted;
  }

  /** Slots each row of each block must skip to end where the longest row ends. */
  long[] leftPadding(Blocks blocks) {
    int longest = longest();
    long[] padding = new long[blocks.total()];
    for (int at = 0; at < padding.length; at++) {
      padding[at] = (long) longest - sequence(blocks, at).length;
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
    for (int at = 0; at < blocks.total(); at++) {
      int[] sequence = sequence(blocks, at);
      for (int t = 0; t < sequence.length; t++) {
        ids[at * width + Math.toIntExact(padding[at]) + t] = sequence[t];
      }
    }
    return placement.indices(ids, blocks.total(), width);
  }

  /** The slots of {@code [rows · longest]} that clean sequences fill, row by row. */
  Tensor places(Placement placement) {
    int width = longest();
    long[] places =
        IntStream.range(0, rows.size())
            .flatMap(
                row -> IntStream.range(0, rows.get(row).clean.length).map(t -> row * width + t))
            .asLongStream()
            .toArray();
    return placement.indices(places, places.length);
  }

  /**
   * For each live slot of {@code [rows · longest]} the corrupted slot that stands in for it; null
   * when that is the same slot everywhere.
   *
   * @param padding of the rows of all blocks
   */
  @Nullable Tensor alignment(Placement placement, long[] padding) {
    if (rows.stream().allMatch(row -> row.alignment.length == 0)) {
      return null;
    }
    int width = longest();
    long[] slots = new long[rows.size() * width];
    for (int row = 0; row < rows.size(); row++) {
      for (int slot = 0; slot < width; slot++) {
        int position = Math.toIntExact(slot - padding[row]);
        long other =
            position < 0 ? slot : padding[rows.size() + row] + rows.get(row).standIn(position);
        // A slot that no row fills stands for nothing, but must exist.
        slots[row * width + slot] = (long) row * width + Math.min(other, width - 1);
      }
    }
    return placement.indices(slots, slots.length);
  }
}
