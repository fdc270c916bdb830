package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.gate.PieceAmounts.Compared;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import java.util.List;
import java.util.SortedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a run in which the residual stream itself is gated, at one place or several: there
 * a live row goes on with {@code r' + Σ_p z_p (r_p − r'_p)} in place of r. Before the first cut
 * live rows are the clean run's; what is written after a cut is read as it is.
 */
final class CutStream implements ResidualStream {
  private final ComputationGraph graph;
  private final Blocks blocks;
  private final CorruptedValues corrupted;
  private final SortedMap<Integer, FeatureSite> cuts;
  private final Gates gates;
  private final GatedModel model;
  private final Sink sink;
  private final Holder sum = new Holder(); // [blocks · rows, time, D]
  private int written = 1;
  private int last; // writers before the last cut

  /** Sees what is cut. */
  interface Sink {
    /** Nobody looks. */
    Sink NONE = (_, _, _) -> {};

    /**
     * Sees the stream before it is gated.
     *
     * @param cut which one, from the input up
     * @param live r, {@code [rows, time, D]}
     * @param shut r', fits it
     */
    void at(int cut, Tensor live, Tensor shut);
  }

  /**
   * A stream for one call of the forward pass.
   *
   * @param gates uniform, or one for each piece
   */
  CutStream(GatedModel model, Blocks blocks, CorruptedValues corrupted, Gates gates, Sink sink) {
    graph = model.graph();
    this.model = model;
    this.blocks = blocks;
    this.corrupted = corrupted;
    this.gates = gates;
    this.sink = sink;
    cuts = model.features().cuts();
  }

  @Override
  public void writeInput(Tensor embedding) {
    corrupted.corrupt(embedding);
    sum.set(embedding.clone());
  }

  @Override
  public Reads readHeads(int layer) {
    written = 1 + 2 * layer;
    return Reads.shared(read());
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    sum.get().add_(output.sum(z));
  }

  @Override
  public Tensor readMlp(int layer) {
    written = graph.parallel() ? 1 + 2 * layer : 2 + 2 * layer;
    return read();
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    sum.get().add_(output);
  }

  @Override
  public Tensor readLogits() {
    written = graph.writers();
    return read();
  }

  private Tensor read() {
    @Nullable FeatureSite site = written > last ? cuts.get(written) : null;
    if (site != null) {
      last = written;
      Tensor live = blocks.live(sum.get(), 0);
      Tensor shut = corrupted.stream(sum.get(), sources()).expand_as(live);
      int cut = cuts.headMap(written).size();
      sink.at(cut, live, shut);
      gate(cut, site, live, shut);
    }
    return sum.get();
  }

  private void gate(int cut, FeatureSite site, Tensor live, Tensor shut) {
    switch (gates) {
      case Gates.Uniform(double[] alpha) -> {
        Tensor each = model.placement().tensor(alpha, alpha.length, 1, 1);
        live.copy_(torch.lerp(shut, live, each));
      }
      case Gates.PerPiece(Pieces pieces, double[] z) -> {
        PieceGates own = new PieceGates(model.placement(), pieces, z);
        PieceAmounts amounts =
            new PieceAmounts(model.decoder(), pieces, model.features(), corrupted.units());
        if (own.isGated(cut)) {
          Tensor before = live.clone();
          own.addTo(
              live,
              cut,
              tile ->
                  List.of(
                      amounts.cut(
                          cut, site, tile.of(new Compared(before, shut)), blocks.corrupted())));
        }
      }
      case Gates.Held _, Gates.PerEdge _ ->
          throw new IllegalArgumentException("a stream that is cut has gates on its pieces alone");
    }
  }

  /** How many sources have been written. */
  private int sources() {
    int layer = (written - 1) / 2;
    return graph.headSource(layer) + (written % 2 == 0 ? graph.heads() : 0);
  }

  @Override
  public void close() {
    sum.close();
  }
}
