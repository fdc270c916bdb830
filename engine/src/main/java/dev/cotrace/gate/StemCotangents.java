package dev.cotrace.gate;

import dev.cotrace.model.Architecture;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Cotangents of the keys and values of places that other stretches follow: what has gone back from
 * those waits here until the places themselves go back. Its tensors belong to the scope it was made
 * in.
 */
final class StemCotangents {
  private final GatedModel model;
  private final int[] slotOf; // of each place
  private final int stems; // places; the slot after theirs is that of all others, and stays zero
  private final List<Tensor> byLayer = new ArrayList<>(); // [2, C, stems + 1, H, dHead]

  /** Zeros for {@code count} cotangents. */
  StemCotangents(GatedModel model, SharedPlaces places, long count) {
    this.model = model;
    int[] ofStems = places.ofStems();
    stems = ofStems.length;
    slotOf = new int[places.count()];
    Arrays.fill(slotOf, stems);
    for (int slot = 0; slot < stems; slot++) {
      slotOf[ofStems[slot]] = slot;
    }
    Architecture a = model.decoder().architecture();
    for (int layer = 0; layer < a.layers() && stems > 0; layer++) {
      byLayer.add(model.placement().zeros(2, count, stems + 1L, a.heads(), a.headDimension()));
    }
  }

  /** Adds those of every query head's keys and values, {@code [2, C, places, H, dHead]}. */
  void add(int layer, int[] places, Tensor cotangents) {
    if (places.length > 0) {
      byLayer.get(layer).index_add_(2, slots(places), cotangents);
    }
  }

  /**
   * What waits at {@code places}, {@code [2, C, places, H, dHead]}, in the caller's scope; null
   * where stretches follow none of them.
   */
  @Nullable Tensor at(int layer, int[] places) {
    boolean followed = Arrays.stream(places).anyMatch(place -> slotOf[place] < stems);
    return followed ? byLayer.get(layer).index_select(2, slots(places)) : null;
  }

  private Tensor slots(int[] places) {
    long[] slots = Arrays.stream(places).mapToLong(place -> slotOf[place]).toArray();
    return model.placement().indices(slots, slots.length);
  }
}
