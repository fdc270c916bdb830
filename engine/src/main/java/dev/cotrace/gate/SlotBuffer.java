package dev.cotrace.gate;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import org.bytedeco.pytorch.Tensor;

/** Rows of numbers of one width that are written in order, {@code [slots, width]}; it grows. */
final class SlotBuffer implements AutoCloseable {
  private static final int FEWEST = 64;

  private final Placement placement;
  private final int width;
  private final Holder buffer = new Holder();

  SlotBuffer(Placement placement, int width) {
    this.placement = placement;
    this.width = width;
  }

  /** Makes room for {@code slots} of them; those written stay. */
  void require(int slots) {
    long capacity = buffer.isSet() ? buffer.get().size(0) : 0;
    if (slots <= capacity) {
      return;
    }
    try (Scope _ = new Scope()) {
      // Half as much again: room is made a few times only, and little of it stays empty.
      Tensor larger = placement.empty(Math.max(Math.max(slots, FEWEST), capacity * 3 / 2), width);
      if (capacity > 0) {
        larger.narrow(0, 0, capacity).copy_(buffer.get());
      }
      buffer.set(larger);
    }
  }

  /** Writes {@code count} slots from {@code first} on. */
  void write(int first, int count, Tensor values) {
    try (Scope _ = new Scope()) {
      buffer.get().narrow(0, first, count).copy_(values.reshape(count, width));
    }
  }

  /** The slots {@code at [n]}, {@code [n, width]}, in the caller's scope. */
  Tensor at(Tensor at) {
    return buffer.get().index_select(0, at);
  }

  @Override
  public void close() {
    buffer.close();
  }
}
