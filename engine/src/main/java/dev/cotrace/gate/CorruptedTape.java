package dev.cotrace.gate;

import static java.util.Objects.requireNonNull;

import dev.cotrace.model.Architecture;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What the corrupted run leaves on a tape, where hidden units or features of both runs are
 * compared, and what of both is not on the tape anyhow: the stream where it is cut, and values of
 * heads before a norm; nothing else.
 */
final class CorruptedTape implements AutoCloseable {
  // By layer.
  private final Map<Integer, SlotBuffer> heads = new HashMap<>(); // z', [slots, H · dHead]
  private final Map<Integer, SlotBuffer> liveHeads = new HashMap<>(); // z before a norm, the same
  private final Map<Integer, SlotBuffer> mlpReads = new HashMap<>(); // [slots, D]
  private final Map<Integer, SlotBuffer> mlps = new HashMap<>(); // o', [slots, D]

  private final List<SlotBuffer> liveCuts = new ArrayList<>(); // r, [slots, D]
  private final List<SlotBuffer> cuts = new ArrayList<>(); // r', [slots, D]

  CorruptedTape(GatedModel model) {
    Architecture architecture = model.decoder().architecture();
    int width = architecture.width();
    Comparisons compared = new Comparisons(model.units(), model.features());
    for (int layer = 0; layer < architecture.layers(); layer++) {
      if (compared.heads(layer)) {
        int values = architecture.heads() * architecture.headDimension();
        heads.put(layer, new SlotBuffer(model.placement(), values));
        if (compared.headsBeforeNorm(layer)) {
          liveHeads.put(layer, new SlotBuffer(model.placement(), values));
        }
      }
      if (compared.mlpReads(layer)) {
        mlpReads.put(layer, new SlotBuffer(model.placement(), width));
      }
      if (compared.mlps(layer)) {
        mlps.put(layer, new SlotBuffer(model.placement(), width));
      }
    }
    model
        .features()
        .cuts()
        .forEach((_, _) -> {
          liveCuts.add(new SlotBuffer(model.placement(), width));
          cuts.add(new SlotBuffer(model.placement(), width));
        });
  }

  /** All that grows with the tape. */
  Stream<SlotBuffer> buffers() {
    return Stream.of(
            heads.values().stream(),
            liveHeads.values().stream(),
            mlpReads.values().stream(),
            mlps.values().stream(),
            liveCuts.stream(),
            cuts.stream())
        .flatMap(buffers -> buffers);
  }

  /** Writes z' of a layer, as the others do if anything asks for it. */
  void writeHeads(int layer, int first, int count, Tensor corrupted) {
    write(heads.get(layer), first, count, corrupted);
  }

  /** Writes z of the live run before a norm divides it, if anything asks for it. */
  void writeLiveHeads(int layer, int first, int count, Tensor live) {
    write(liveHeads.get(layer), first, count, live);
  }

  void writeMlpRead(int layer, int first, int count, Tensor corrupted) {
    write(mlpReads.get(layer), first, count, corrupted);
  }

  void writeMlp(int layer, int first, int count, Tensor corrupted) {
    write(mlps.get(layer), first, count, corrupted);
  }

  private static void write(@Nullable SlotBuffer buffer, int first, int count, Tensor values) {
    if (buffer != null) {
      buffer.write(first, count, values);
    }
  }

  void writeCut(int cut, int first, int count, Tensor live, Tensor corrupted) {
    liveCuts.get(cut).write(first, count, live);
    cuts.get(cut).write(first, count, corrupted);
  }

  /** z' of the heads of {@code layer} at {@code at}, {@code [n, H · dHead]}. */
  Tensor heads(int layer, Tensor at) {
    return requireNonNull(heads.get(layer)).at(at);
  }

  /** z of the live run before a norm divides it, {@code [n, H · dHead]}. */
  Tensor liveHeads(int layer, Tensor at) {
    return requireNonNull(liveHeads.get(layer)).at(at);
  }

  /** What the MLP of {@code layer} read at {@code at}, {@code [n, D]}. */
  Tensor mlpReads(int layer, Tensor at) {
    return requireNonNull(mlpReads.get(layer)).at(at);
  }

  /** What the MLP of {@code layer} wrote at {@code at}, {@code [n, D]}. */
  Tensor mlps(int layer, Tensor at) {
    return requireNonNull(mlps.get(layer)).at(at);
  }

  /** The stream of both runs where it is cut for the {@code cut}-th time, {@code [n, D]}. */
  PieceAmounts.Compared cut(int cut, Tensor at) {
    return new PieceAmounts.Compared(liveCuts.get(cut).at(at), cuts.get(cut).at(at));
  }

  @Override
  public void close() {
    buffers().forEach(SlotBuffer::close);
  }
}
