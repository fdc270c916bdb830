package dev.cotrace.gate;

import dev.cotrace.model.Architecture;
import dev.cotrace.torch.Placement;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** What the logits of runs read, whatever the gates: D numbers a slot. */
public final class FinalReads implements RunRecord {
  private final Placement placement;
  private final SlotBuffer reads; // [slots, D]
  private int slots;

  /** Nothing yet. */
  public FinalReads(GatedModel model) {
    placement = model.placement();
    reads = new SlotBuffer(placement, model.decoder().architecture().width());
  }

  /** Bytes that a slot takes. */
  static long bytesPerSlot(Architecture architecture, Placement placement) {
    return (long) architecture.width() * placement.precision().bytes();
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public void expect(int more) {
    reads.require(slots + more);
  }

  /** Writes {@code live [rows, time, D]} in the next slots, and returns the first of them. */
  int add(Tensor live) {
    int first = slots;
    slots += Math.toIntExact(live.size(0) * live.size(1));
    reads.require(slots);
    reads.write(first, slots - first, live);
    return first;
  }

  @Override
  public Tensor finalReads(List<int[]> sequences) {
    long[] all = sequences.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
    return reads.at(placement.indices(all, all.length));
  }

  @Override
  public void close() {
    reads.close();
  }
}
