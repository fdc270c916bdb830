package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.gate.PieceAmounts.Compared;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
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
  private final ComputationGraph graph;
  private final Blocks blocks;
  private final CorruptedValues corrupted;
  private final PartPlaces parts;
  private final PieceAmounts amounts;
  private final PieceGates gates;
  private final Holder sum = new Holder(); // [blocks · rows, time, D]
  private final Holder mlpRead = new Holder(); // [blocks · rows, time, D]
  private final Comparisons compared;
  private @Nullable Tensor beforeNorm; // z of all rows, where features are of that

  PieceStream(GatedModel model, Blocks blocks, CorruptedValues corrupted, Gates.PerPiece gates) {
    graph = model.graph();
    compared = new Comparisons(gates.pieces(), model.features());
    this.blocks = blocks;
    this.corrupted = corrupted;
    this.gates = new PieceGates(model.placement(), gates.pieces(), gates.z());
    parts = new PartPlaces(gates.pieces(), model.features());
    amounts =
        new PieceAmounts(model.decoder(), gates.pieces(), model.features(), corrupted.units());
  }

  @Override
  public void writeInput(Tensor embedding) {
    corrupted.corrupt(embedding);
    sum.set(embedding.clone());
    if (gates.isGated(parts.input())) {
      Tensor difference = difference(graph.inputSource(), embedding);
      add(parts.input(), tile -> List.of(amounts.input(tile.of(difference))));
    }
  }

  @Override
  public Reads readHeads(int layer) {
    return Reads.shared(sum.get());
  }

  @Override
  public Tensor changeHeads(int layer, Tensor z) {
    beforeNorm = compared.headsBeforeNorm(layer) ? z : null;
    return z;
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    sum.get().add_(output.sum(z));
    int first = parts.heads(layer);
    if (IntStream.range(first, parts.mlp(layer)).anyMatch(gates::isGated)) {
      Tensor each = corrupted.headDifferences(graph.headSource(layer), z, output);
      Tensor of = beforeNorm == null ? z : beforeNorm;
      Compared values =
          new Compared(blocks.live(of, 0), blocks.corrupted() ? corrupted.heads(of) : null);
      add(
          first,
          tile ->
              amounts.heads(
                  layer, () -> each.narrow(1, tile.from(), tile.count()), () -> tile.of(values)));
    }
  }

  @Override
  public Tensor readMlp(int layer) {
    if (gates.isGated(parts.mlp(layer))) {
      mlpRead.set(sum.get().clone()); // Before heads of a parallel block write.
    }
    return sum.get();
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    sum.get().add_(output);
    int part = parts.mlp(layer);
    if (gates.isGated(part)) {
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

  /** o − o' of the input or an MLP, {@code [rows, time, D]}. */
  private Tensor difference(int source, Tensor output) {
    return blocks.live(output, 0).sub(corrupted.output(source, output));
  }

  /** What is of all rows, live and corrupted. */
  private Compared compared(int source, Tensor all) {
    return new Compared(
        blocks.live(all, 0), blocks.corrupted() ? corrupted.output(source, all) : null);
  }

  private void add(int first, Function<PieceGates.Tile, List<Amounts>> amounts) {
    gates.addTo(blocks.live(sum.get(), 0), first, amounts);
  }

  @Override
  public void close() {
    sum.close();
    mlpRead.close();
  }
}
