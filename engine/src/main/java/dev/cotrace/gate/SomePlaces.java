package dev.cotrace.gate;

import dev.cotrace.torch.Placement;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * A few places of one part of time, as indices.
 *
 * @param part of time, perhaps {@link Parts#NONE}
 * @param own the places
 * @param index where they stand among those of the pass
 * @param from slots of the differences
 */
record SomePlaces(int part, Tensor own, Tensor index, Tensor from) {
  /**
   * The places of {@code tile}.
   *
   * @param all places of the pass
   * @param written their slots of the differences
   */
  static SomePlaces of(Placement placement, SharedPlaces.Tile tile, int[] all, long[] written) {
    int[] at = tile.at();
    return new SomePlaces(
        tile.part(),
        indices(placement, Arrays.stream(at).mapToLong(i -> all[i]).toArray()),
        indices(placement, Arrays.stream(at).asLongStream().toArray()),
        indices(placement, Arrays.stream(at).mapToLong(i -> written[i]).toArray()));
  }

  private static Tensor indices(Placement placement, long[] values) {
    return placement.indices(values, values.length);
  }
}
