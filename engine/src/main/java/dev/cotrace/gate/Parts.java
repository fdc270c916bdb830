package dev.cotrace.gate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Disjoint sets of the positions of a batch; each gets a gate gradient of its own.
 *
 * @param partOf for each row, the part of each of its positions from the first, or {@link #NONE};
 *     positions beyond the end of its array are in the last one's part
 * @param count number of parts
 */
public record Parts(List<int[]> partOf, int count) {
  /** The part of a position that is in none. */
  public static final int NONE = -1;

  /** Refuses numbers that name no part. */
  public Parts {
    partOf = List.copyOf(partOf);
    for (int[] row : partOf) {
      for (int part : row) {
        if (part < NONE || part >= count) {
          throw new IllegalArgumentException(
              "positions: expected parts from 0 to %d, or %d for none, got %d"
                  .formatted(count - 1, NONE, part));
        }
      }
    }
  }

  /**
   * Whole rows: the first {@code sizes[0]} rows are part 0, the next {@code sizes[1]} part 1, and
   * so on.
   */
  public static Parts ofRows(int... sizes) {
    List<int[]> partOf = new ArrayList<>();
    for (int part = 0; part < sizes.length; part++) {
      for (int row = 0; row < sizes[part]; row++) {
        partOf.add(new int[] {part});
      }
    }
    return new Parts(partOf, sizes.length);
  }

  /** Every row apart. */
  public static Parts eachRow(int rows) {
    int[] ones = new int[rows];
    Arrays.fill(ones, 1);
    return ofRows(ones);
  }

  /** The part of a position of a row, or {@link #NONE}. */
  int of(int row, int position) {
    int[] own = partOf.get(row);
    return own[Math.min(position, own.length - 1)];
  }
}
