package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
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
   * Some rows of another cache.
   *
   * @param rows which of them
   */
  public record Rows(KvCache cache, int[] rows) {
    private long[] padding() {
      return Arrays.stream(rows).mapToLong(row -> cache.padding[row]).toArray();
    }

    /** Slots from the first that holds something in any of the rows. */
    private int used() {
      long leading = Arrays.stream(padding()).min().orElse(cache.length);
      return Math.toIntExact(cache.length - leading);
    }
  }

  /**
   * A cache of the rows of all {@code parts}, one part after the other, at least one row: all end
   * in the same slot, and slots at the beginning that no row needs are left out. The others stay.
   *
   * @param more slots to come
   */
  public static KvCache joined(List<Rows> parts, int more) {
    KvCache like = parts.getFirst().cache;
    int length = parts.stream().mapToInt(Rows::used).max().orElseThrow();
    long[] padding =
        parts.stream()
            .flatMapToLong(
                part -> Arrays.stream(part.padding()).map(p -> p + length - part.cache.length))
            .toArray();
    KvCache cache =
        new KvCache(
            like.placement,
            like.architecture,
            length + more,
            padding,
            new ArrayList<>(),
            new ArrayList<>());
    cache.length = length;
    try (Scope _ = new Scope()) {
      List<Tensor> indices = new ArrayList<>();
      for (Rows part : parts) {
        long[] wide = Arrays.stream(part.rows).asLongStream().toArray();
        indices.add(like.placement.indices(wide, wide.length));
      }
      for (int layer = 0; layer < like.keys.size(); layer++) {
        int at = layer;
        cache.keys.add(cache.copied(parts, indices, part -> part.keys.get(at).get()));
        cache.values.add(cache.copied(parts, indices, part -> part.values.get(at).get()));
      }
    }
    return cache;
  }

  /** A buffer of this cache's size with the rows of all parts. */
  private Holder copied(List<Rows> parts, List<Tensor> indices, Function<KvCache, Tensor> buffer) {
    try (Scope _ = new Scope()) {
      Tensor like = buffer.apply(parts.getFirst().cache);
      Tensor all = placement.empty(padding.length, like.size(1), capacity, like.size(3));
      int row = 0;
      for (int i = 0; i < parts.size(); i++) {
        Rows part = parts.get(i);
        Tensor target = all.narrow(0, row, part.rows.length).narrow(2, 0, length);
        row += part.rows.length;
        int used = part.used();
        // What is masked is multiplied by zero: it must be a number.
        target.narrow(2, 0, length - used).zero_();
        target
            .narrow(2, length - used, used)
            .copy_(
                buffer
                    .apply(part.cache)
                    .narrow(2, part.cache.length - used, used)
                    .index_select(0, indices.get(i)));
      }
      return new Holder(all);
    }
  }

  /** Leading slots of each row that hold nothing. */
  public long[] padding() {
    return padding.clone();
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
