package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Keys and values of all layers for a batch of rows, in preallocated buffers {@code [rows, heads,
 * capacity, dHead]}.
 *
 * <p>All rows fill the same slots at the same time. A row whose sequence is shorter than the
 * longest starts with padding slots, which no later position sees; its position counts from the
 * first slot after them.
 */
public final class KvCache implements AutoCloseable {
  private final Placement placement;
  private final Architecture architecture;
  private final int capacity;
  private final long[] padding;
  private final List<Holder> keys;
  private final List<Holder> values;
  private int length;

  /**
   * An empty cache.
   *
   * @param heads key/value heads a layer: Hk, or H where every query head reads keys and values of
   *     its own
   * @param padding leading slots of each row that hold nothing; its length is the number of rows
   */
  public KvCache(
      Placement placement, Architecture architecture, int heads, int capacity, long[] padding) {
    this(placement, architecture, capacity, padding.clone(), new ArrayList<>(), new ArrayList<>());
    long[] shape = {padding.length, heads, capacity, architecture.headDimension()};
    try (Scope _ = new Scope()) {
      for (int layer = 0; layer < architecture.layers(); layer++) {
        keys.add(new Holder(placement.empty(shape)));
        values.add(new Holder(placement.empty(shape)));
      }
    }
  }

  private KvCache(
      Placement placement,
      Architecture architecture,
      int capacity,
      long[] padding,
      List<Holder> keys,
      List<Holder> values) {
    this.placement = placement;
    this.architecture = architecture;
    this.capacity = capacity;
    this.padding = padding;
    this.keys = keys;
    this.values = values;
  }

  /** Number of rows. */
  public int rows() {
    return padding.length;
  }

  /** Number of slots filled so far. */
  public int length() {
    return length;
  }

  /** Number of slots there are. */
  public int capacity() {
    return capacity;
  }

  /**
   * A cache whose row i is a copy of row {@code rows[i]} of this one; rows may be repeated or left
   * out. This one stays.
   */
  public KvCache select(int[] rows) {
    long[] selected = Arrays.stream(rows).mapToLong(row -> padding[row]).toArray();
    KvCache copy =
        new KvCache(
            placement, architecture, capacity, selected, new ArrayList<>(), new ArrayList<>());
    copy.length = length;
    try (Scope _ = new Scope()) {
      long[] wide = Arrays.stream(rows).asLongStream().toArray();
      Tensor index = placement.indices(wide, rows.length);
      for (int layer = 0; layer < keys.size(); layer++) {
        copy.keys.add(new Holder(keys.get(layer).get().index_select(0, index)));
        copy.values.add(new Holder(values.get(layer).get().index_select(0, index)));
      }
    }
    return copy;
  }

  /** The next {@code time} slots, in the caller's scope; fails when they do not fit. */
  Span next(int time) {
    if (length + time > capacity) {
      throw new IllegalArgumentException(
          "the cache holds %d positions, %d are filled and %d more do not fit"
              .formatted(capacity, length, time));
    }
    return Span.of(placement, architecture, length, time, padding);
  }

  /**
   * Stores rotated keys and values {@code [rows, time, heads, dHead]} of {@code layer} in the next
   * slots.
   */
  void append(int layer, Tensor key, Tensor value) {
    slots(keys.get(layer), length, key.size(1)).copy_(key.transpose(1, 2));
    slots(values.get(layer), length, value.size(1)).copy_(value.transpose(1, 2));
  }

  /** Keys of all slots up to {@code end}, {@code [rows, heads, end, dHead]}, a view. */
  Tensor keys(int layer, long end) {
    return slots(keys.get(layer), 0, end);
  }

  /** Values of all slots up to {@code end}, {@code [rows, heads, end, dHead]}, a view. */
  Tensor values(int layer, long end) {
    return slots(values.get(layer), 0, end);
  }

  /** Counts the slots that every layer has filled. */
  void advance(int time) {
    length += time;
  }

  private static Tensor slots(Holder buffer, long first, long count) {
    return buffer.get().narrow(2, first, count);
  }

  @Override
  public void close() {
    keys.forEach(Holder::close);
    values.forEach(Holder::close);
  }
}
