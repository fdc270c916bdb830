package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.PlainStream;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The stream of a run whose input alone is gated: live rows begin with {@code α·o + (1−α)·o'} of
 * the input and read their own stream from there on, as corrupted rows do.
 */
final class MixedInputStream implements ResidualStream {
  private final ComputationGraph graph;
  private final Blocks blocks;
  private final CorruptedValues corrupted;
  private final Holder alpha; // [rows, 1, 1]
  private final PlainStream plain = new PlainStream(); // [blocks · rows, time, D]

  MixedInputStream(GatedModel model, Blocks blocks, CorruptedValues corrupted, Gates.Inputs gates) {
    graph = model.graph();
    this.blocks = blocks;
    this.corrupted = corrupted;
    alpha = new Holder(model.placement().tensor(gates.alpha(), blocks.rows(), 1, 1));
  }

  @Override
  public void writeInput(Tensor embedding) {
    corrupted.corrupt(embedding);
    Tensor shut = corrupted.output(graph.inputSource(), embedding);
    Tensor mixed = torch.lerp(shut, blocks.live(embedding, 0), alpha.get());
    plain.writeInput(blocks.withPlain(mixed, embedding));
  }

  @Override
  public Reads readHeads(int layer) {
    return plain.readHeads(layer);
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    plain.writeHeads(layer, z, output);
  }

  @Override
  public Tensor readMlp(int layer) {
    return plain.readMlp(layer);
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    plain.writeMlp(layer, output);
  }

  @Override
  public Tensor readLogits() {
    return plain.readLogits();
  }

  @Override
  public void close() {
    plain.close();
    alpha.close();
  }
}
