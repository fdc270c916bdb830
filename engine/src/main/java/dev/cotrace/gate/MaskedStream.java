package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a run with a gate for every edge: target v of a live row reads {@code r' + Σ_u z_uv
 * (o_u − o'_u)}.
 *
 * <p>Every query head reads queries, keys and values of its own.
 */
final class MaskedStream implements ResidualStream {
  private final GatedModel model;
  private final Blocks blocks;
  private final CorruptedValues corrupted;
  private final ComputationGraph graph;
  private final Holder mask; // [nDst, nSrc]
  private final Holder sum = new Holder(); // [blocks · rows, time, D]; its live rows are not used
  private final @Nullable Map<Integer, Holder> kept;
  private @Nullable Differences differences;

  MaskedStream(GatedModel model, Blocks blocks, CorruptedValues corrupted, Gates.PerEdge gates) {
    this(model, blocks, corrupted, gates, null);
  }

  /**
   * A stream that leaves something behind.
   *
   * @param kept takes what targets read at gate 0, {@code [rows, time, D]}, by the first of those
   *     that read alike; whoever gave it closes it
   */
  MaskedStream(
      GatedModel model,
      Blocks blocks,
      CorruptedValues corrupted,
      Gates.PerEdge gates,
      @Nullable Map<Integer, Holder> kept) {
    this.kept = kept;
    this.model = model;
    this.blocks = blocks;
    this.corrupted = corrupted;
    graph = gates.graph();
    Tensor bySource = model.placement().tensor(gates.z(), graph.sources(), graph.targets());
    mask = new Holder(bySource.t().contiguous());
  }

  @Override
  public void writeInput(Tensor embedding) {
    corrupted.corrupt(embedding);
    sum.set(embedding);
    differences = new Differences(model, blocks, corrupted, embedding.size(1));
    differences().writeInput(embedding);
  }

  @Override
  public Reads readHeads(int layer) {
    Tensor live = read(graph.headTarget(layer, Slot.Q), 3 * graph.heads());
    return new Reads(live, blocks.count() == 1 ? null : blocks.plain(sum.get(), 0));
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    if (blocks.count() > 1) {
      blocks.plain(sum.get(), 0).add_(output.sum(blocks.plain(z, 0)));
    }
    differences().writeHeads(layer, z, output);
  }

  @Override
  public Tensor readMlp(int layer) {
    return readOne(graph.mlpTarget(layer));
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    if (blocks.count() > 1) {
      blocks.plain(sum.get(), 0).add_(blocks.plain(output, 0));
    }
    differences().writeMlp(layer, output);
  }

  @Override
  public Tensor readLogits() {
    return readOne(graph.logitsTarget());
  }

  private Tensor readOne(int target) {
    return blocks.withPlain(read(target, 1).select(0, 0), sum.get());
  }

  /**
   * What {@code count} targets from {@code target} on read in the live rows, {@code [count, rows,
   * time, D]}.
   */
  private Tensor read(int target, int count) {
    int sources = graph.visibleSources(target);
    Tensor visible = differences().first(sources);
    Tensor gates = mask.get().narrow(0, target, count).narrow(1, 0, sources);
    Tensor gated = gates.matmul(visible.reshape(sources, -1));
    Tensor shut = corrupted.stream(sum.get(), sources);
    if (kept != null) {
      Tensor like = visible.select(0, 0);
      kept.put(target, new Holder(shut.expand_as(like).clone()));
    }
    return gated.reshape(count, visible.size(1), visible.size(2), visible.size(3)).add_(shut);
  }

  /** What sources add, live less corrupted; closed with the stream. */
  Differences differences() {
    if (differences == null) {
      throw new IllegalStateException("the stream is read before anything was written to it");
    }
    return differences;
  }

  @Override
  public void close() {
    mask.close();
    sum.close();
    if (differences != null) {
      differences.close();
    }
  }
}
