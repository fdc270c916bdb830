package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.gate.PieceAmounts.Compared;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a run with a gate for every piece of a node: a live node writes {@code o + Σ_p (z_p
 * − 1)(o_p − o'_p)}, and all that read after it read that. Parts whose gates are all 1 cost
 * nothing.
 */
final class PieceStream implements ResidualStream {
  /** Places at a time: every unit of a part has a number at each of them. */
  private static final int PLACES = 256;

  private final ComputationGraph graph;
  private final Blocks blocks;
  private final CorruptedValues corrupted;
  private final Pieces pieces;
  private final PartPlaces parts;
  private final PieceAmounts amounts;
  private final double[] gates;
  private final Placement placement;
  private final Holder sum = new Holder(); // [blocks · rows, time, D]
  private final Holder mlpRead = new Holder(); // [blocks · rows, time, D]

  PieceStream(GatedModel model, Blocks blocks, CorruptedValues corrupted, Gates.PerPiece gates) {
    graph = model.graph();
    this.blocks = blocks;
    this.corrupted = corrupted;
    pieces = gates.pieces();
    this.gates = gates.z();
    placement = model.placement();
    parts = new PartPlaces(pieces, model.features());
    amounts = new PieceAmounts(model.decoder(), pieces, model.features());
  }

  @Override
  public void writeInput(Tensor embedding) {
    corrupted.corrupt(embedding);
    sum.set(embedding.clone());
    if (isGated(parts.input())) {
      Tensor difference = difference(graph.inputSource(), embedding);
      add(parts.input(), tile -> List.of(amounts.input(tile.of(difference))));
    }
  }

  @Override
  public Reads readHeads(int layer) {
    return Reads.shared(sum.get());
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    sum.get().add_(output.sum(z));
    int first = parts.heads(layer);
    if (IntStream.range(first, parts.mlp(layer)).anyMatch(this::isGated)) {
      Tensor each = corrupted.headDifferences(graph.headSource(layer), z, output);
      Compared values =
          new Compared(blocks.live(z, 0), blocks.corrupted() ? corrupted.heads(z) : null);
      add(
          first,
          tile ->
              amounts.heads(
                  layer, () -> each.narrow(1, tile.from, tile.count), () -> tile.of(values)));
    }
  }

  @Override
  public Tensor readMlp(int layer) {
    if (isGated(parts.mlp(layer))) {
      mlpRead.set(sum.get().clone()); // Before heads of a parallel block write.
    }
    return sum.get();
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    sum.get().add_(output);
    int part = parts.mlp(layer);
    if (isGated(part)) {
      int source = graph.mlpSource(layer);
      Tensor difference = difference(source, output);
      add(
          part,
          tile ->
              List.of(
                  amounts.mlp(
                      layer,
                      () -> tile.of(difference),
                      () -> tile.of(compared(source, mlpRead.get())),
                      () -> tile.of(compared(source, output)))));
    }
  }

  @Override
  public Tensor readLogits() {
    return sum.get();
  }

  private boolean isGated(int part) {
    return pieces.cells(part).anyMatch(cell -> gates[cell] != 1);
  }

  /** o − o' of the input or an MLP, {@code [rows, time, D]}. */
  private Tensor difference(int source, Tensor output) {
    return blocks.live(output, 0).sub(corrupted.output(source, output));
  }

  /** What is of all rows, live and corrupted. */
  private Compared compared(int source, Tensor all) {
    return new Compared(
        blocks.live(all, 0), blocks.corrupted() ? corrupted.output(source, all) : null);
  }

  /** Some of the places of the live rows, one after another. */
  private record Tile(int from, int count) {
    /** {@code x [rows, time, …]} there, {@code [count, …]} with all that follows side by side. */
    Tensor of(Tensor x) {
      return x.reshape(x.size(0) * x.size(1), -1).narrow(0, from, count);
    }

    Compared of(Compared compared) {
      @Nullable Tensor other = compared.corrupted();
      return new Compared(of(compared.live()), other == null ? null : of(other));
    }
  }

  /**
   * Adds what the gates of some parts, the first of them {@code first}, make of what is written.
   */
  private void add(int first, Function<Tile, List<Amounts>> amounts) {
    Tensor live = blocks.live(sum.get(), 0);
    Tensor places = live.view(live.size(0) * live.size(1), -1);
    int count = Math.toIntExact(places.size(0));
    for (int from = 0; from < count; from += PLACES) {
      Tile tile = new Tile(from, Math.min(PLACES, count - from));
      try (Scope _ = new Scope()) {
        Tensor written = places.narrow(0, tile.from, tile.count);
        List<Amounts> each = amounts.apply(tile);
        for (int i = 0; i < each.size(); i++) {
          if (isGated(first + i)) {
            written.add_(each.get(i).sum(factors(first + i)));
          }
        }
      }
    }
  }

  /** z − 1 of the pieces of a part. */
  private Tensor factors(int part) {
    double[] factors = pieces.cells(part).mapToDouble(cell -> gates[cell] - 1).toArray();
    return placement.tensor(factors, factors.length);
  }

  @Override
  public void close() {
    sum.close();
    mlpRead.close();
  }
}
