package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What runs whose targets all read one stream leave behind for their backward pass.
 *
 * <p>Of every block of the live rows it keeps what the block read, and how much more the block
 * wrote than its corrupted self; of heads that is kept before the output projection, in {@code H ·
 * dHead} numbers, from which {@link #writeHeadDifferences} makes every head's own output.
 */
public final class Tape implements RunRecord {
  private final GatedModel model;
  private final SlotBuffer input; // o − o' of the input, [slots, D]
  private final FinalReads finalReads;
  private final List<SlotBuffer> headReads = new ArrayList<>(); // [slots, D]
  private final List<SlotBuffer> heads = new ArrayList<>(); // z − z', [slots, H · dHead]
  private final List<SlotBuffer> mlpReads = new ArrayList<>(); // [slots, D]
  private final List<SlotBuffer> mlps = new ArrayList<>(); // o − o', [slots, D]
  private final CorruptedTape corrupted;
  private final Holder constants = new Holder(); // o' where it is no run, [nSrc, P, D]
  private final Holder unitConstants = new Holder(); // of pieces, [cells]
  private long[] places = new long[0]; // which of the P belongs to each slot
  private int slots;

  /** An empty tape. */
  public Tape(GatedModel model) {
    this.model = model;
    Architecture architecture = model.decoder().architecture();
    int width = architecture.width();
    int values = architecture.heads() * architecture.headDimension();
    corrupted = new CorruptedTape(model);
    input = new SlotBuffer(model.placement(), width);
    finalReads = new FinalReads(model);
    for (int layer = 0; layer < architecture.layers(); layer++) {
      headReads.add(new SlotBuffer(model.placement(), width));
      heads.add(new SlotBuffer(model.placement(), values));
      mlpReads.add(new SlotBuffer(model.placement(), width));
      mlps.add(new SlotBuffer(model.placement(), width));
    }
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public void expect(int more) {
    finalReads.expect(more);
    allBuffers().forEach(buffer -> buffer.require(slots() + more));
  }

  /** Bytes that a slot takes, without what is compared. */
  static long bytesPerSlot(Architecture a, Placement placement) {
    long heads = (long) a.heads() * a.headDimension();
    long run = (a.layers() * (3L * a.width() + heads) + a.width()) * placement.precision().bytes();
    return run + FinalReads.bytesPerSlot(a, placement);
  }

  @Override
  public Tensor finalReads(List<int[]> sequences) {
    return finalReads.finalReads(sequences);
  }

  /** What all heads of {@code layer} read at {@code at}, {@code [n, D]}, in the caller's scope. */
  Tensor headReads(int layer, Tensor at) {
    return headReads.get(layer).at(at);
  }

  /** What the MLP of {@code layer} read at {@code at}, {@code [n, D]}. */
  Tensor mlpReads(int layer, Tensor at) {
    return mlpReads.get(layer).at(at);
  }

  /** What the corrupted run left. */
  CorruptedTape corrupted() {
    return corrupted;
  }

  /** Whether there was a corrupted run beside the live one. */
  boolean hasCorruptedRun() {
    return !constants.isSet();
  }

  /** Amounts of all pieces where they are constants, {@code [cells]}; null for zeros. */
  @Nullable Tensor unitConstants() {
    return unitConstants.isSet() ? unitConstants.get() : null;
  }

  /** o' of a source that is a constant at {@code at}, {@code [n or 1, D]}; else null. */
  @Nullable Tensor constant(int source, Tensor at) {
    @Nullable Tensor constant = constants(source, 1, at);
    return constant == null ? null : constant.select(0, 0);
  }

  /** z − z' of the heads of {@code layer} at {@code at}, or z where z' is no run's. */
  Tensor headValues(int layer, Tensor at) {
    return heads.get(layer).at(at);
  }

  /** {@code o_u − o'_u} of the input at {@code at}, {@code [n, D]}. */
  Tensor inputDifference(Tensor at) {
    return input.at(at);
  }

  /** {@code o_u − o'_u} of the MLP of {@code layer} at {@code at}, {@code [n, D]}. */
  Tensor mlpDifference(int layer, Tensor at) {
    return mlps.get(layer).at(at);
  }

  /** {@code o_u − o'_u} of every head of {@code layer} at {@code at}, {@code [H, n, D]}. */
  Tensor headDifferences(int layer, Tensor at) {
    int width = model.decoder().architecture().width();
    Tensor differences = model.placement().empty(model.graph().heads(), at.size(0), width);
    writeHeadDifferences(layer, at, differences);
    return differences;
  }

  /**
   * Writes {@code o_u − o'_u} of every head of {@code layer} at {@code at} to {@code [H, n, D]}.
   */
  void writeHeadDifferences(int layer, Tensor at, Tensor differences) {
    ComputationGraph graph = model.graph();
    HeadOutput output = model.decoder().headOutput(layer);
    Tensor z = heads.get(layer).at(at);
    output.writePerHead(z.view(1, z.size(0), graph.heads(), -1), differences);
    @Nullable Tensor constant = constants(graph.headSource(layer), graph.heads(), at);
    if (constant != null) {
      differences.sub_(constant);
    }
  }

  /** Constants of {@code count} sources at {@code at}, {@code [count, n or 1, D]}. */
  private @Nullable Tensor constants(int source, int count, Tensor at) {
    if (!constants.isSet()) {
      return null;
    }
    Tensor own = constants.get().narrow(0, source, count);
    if (own.size(1) == 1) {
      return own;
    }
    Tensor all = model.placement().indices(places, places.length);
    return own.index_select(1, all.index_select(0, at));
  }

  /** The writers of the next {@code count} slots. */
  Segment next(int count, CorruptedValues corrupted) {
    int first = slots;
    slots += count;
    allBuffers().forEach(buffer -> buffer.require(slots));
    if (corrupted instanceof CorruptedConstants own) {
      // Runs over shorter sequences know fewer positions, which begin those of longer ones.
      if (!constants.isSet() || constants.get().size(1) < own.outputs().size(1)) {
        constants.set(own.outputs());
        if (own.units() != null) {
          unitConstants.set(own.units());
        }
      }
      if (slots > places.length) {
        places = Arrays.copyOf(places, Math.max(slots, 2 * places.length));
      }
      System.arraycopy(own.placeOf(), 0, places, first, count);
    }
    return new Segment(first, count);
  }

  private Stream<SlotBuffer> allBuffers() {
    return Stream.of(
            Stream.of(input),
            headReads.stream(),
            heads.stream(),
            mlpReads.stream(),
            mlps.stream(),
            corrupted.buffers())
        .flatMap(buffers -> buffers);
  }

  /** Slots that are being written; what is given has {@code [rows, time, …]} of {@code count}. */
  final class Segment {
    private final int first;
    private final int count;

    private Segment(int first, int count) {
      this.first = first;
      this.count = count;
    }

    /** First of the slots. */
    int first() {
      return first;
    }

    void input(Tensor live, Tensor corrupted) {
      difference(input, live, corrupted);
    }

    void headRead(int layer, Tensor live) {
      headReads.get(layer).write(first, count, live);
    }

    /** z of the live rows and what is to be taken off it, {@code [rows, time, H, dHead]}. */
    void heads(int layer, Tensor live, @Nullable Tensor corrupted) {
      if (corrupted == null) {
        heads.get(layer).write(first, count, live);
      } else {
        difference(heads.get(layer), live, corrupted);
      }
    }

    /** The stream where it is cut, before it is gated. */
    void cut(int cut, Tensor live, Tensor shut) {
      corrupted.writeCut(cut, first, count, live, shut);
    }

    void mlpRead(int layer, Tensor live) {
      mlpReads.get(layer).write(first, count, live);
    }

    /** z of the live rows before a norm divides it. */
    void headsBeforeNorm(int layer, Tensor live) {
      corrupted.writeLiveHeads(layer, first, count, live);
    }

    /** z' of the corrupted run; before a norm divides it where features are of that. */
    void corruptedHeads(int layer, Tensor other) {
      corrupted.writeHeads(layer, first, count, other);
    }

    /** What the corrupted run's MLP read. */
    void corruptedMlpRead(int layer, Tensor other) {
      corrupted.writeMlpRead(layer, first, count, other);
    }

    /** What the corrupted run's MLP wrote. */
    void corruptedMlp(int layer, Tensor other) {
      corrupted.writeMlp(layer, first, count, other);
    }

    void mlp(int layer, Tensor live, Tensor corrupted) {
      difference(mlps.get(layer), live, corrupted);
    }

    void finalRead(Tensor live) {
      finalReads.add(live);
    }

    private void difference(SlotBuffer buffer, Tensor live, Tensor corrupted) {
      try (Scope _ = new Scope()) {
        buffer.write(first, count, live.sub(corrupted));
      }
    }
  }

  @Override
  public void close() {
    allBuffers().forEach(SlotBuffer::close);
    finalReads.close();
    constants.close();
    unitConstants.close();
  }
}
