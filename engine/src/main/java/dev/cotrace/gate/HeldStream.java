package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The stream of a run in which one writer of each live row is held: its part of the stream is
 * {@code α·o + (1−α)·o'}. All rows read their own stream.
 */
final class HeldStream implements ResidualStream {
  private final GatedModel model;
  private final ComputationGraph graph;
  private final Blocks blocks;
  private final CorruptedValues corrupted;
  private final Gates.Held gates;
  private final Holder sum = new Holder(); // [blocks · rows, time, D]

  HeldStream(GatedModel model, Blocks blocks, CorruptedValues corrupted, Gates.Held gates) {
    this.model = model;
    graph = model.graph();
    this.blocks = blocks;
    this.corrupted = corrupted;
    this.gates = gates;
  }

  /**
   * How much {@code writer} is shut in each live row, 1 − α where it is held and 0 elsewhere,
   * {@code [rows, 1, 1]}; null where it is open in all.
   */
  private @Nullable Tensor shut(int writer) {
    double[] shut =
        IntStream.range(0, blocks.rows())
            .mapToDouble(row -> gates.writer()[row] == writer ? 1 - gates.alpha()[row] : 0)
            .toArray();
    return IntStream.range(0, shut.length).allMatch(row -> shut[row] == 0)
        ? null
        : model.placement().tensor(shut, shut.length, 1, 1);
  }

  @Override
  public void writeInput(Tensor embedding) {
    corrupted.corrupt(embedding);
    sum.set(embedding.clone());
    hold(graph.inputWriter(), graph.inputSource(), embedding);
  }

  @Override
  public Reads readHeads(int layer) {
    return Reads.shared(sum.get());
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    sum.get().add_(output.sum(z));
    @Nullable Tensor shut = shut(graph.headsWriter(layer));
    if (shut != null) {
      Tensor each = corrupted.headDifferences(graph.headSource(layer), z, output);
      hold(shut, each.sum(0).view(z.size(0) / blocks.count(), z.size(1), -1));
    }
  }

  @Override
  public Tensor readMlp(int layer) {
    return sum.get();
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    sum.get().add_(output);
    hold(graph.mlpWriter(layer), graph.mlpSource(layer), output);
  }

  private void hold(int writer, int source, Tensor output) {
    @Nullable Tensor shut = shut(writer);
    if (shut != null) {
      hold(shut, blocks.live(output, 0).sub(corrupted.output(source, output)));
    }
  }

  /** Takes of what was just written by live rows that part of {@code o − o'} which is shut. */
  private void hold(Tensor shut, Tensor difference) {
    blocks.live(sum.get(), 0).sub_(difference.mul(shut));
  }

  @Override
  public Tensor readLogits() {
    return sum.get();
  }

  @Override
  public void close() {
    sum.close();
  }
}
