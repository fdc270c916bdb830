package dev.cotrace.gate;

import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The stream of a run whose gates are uniform: live rows read {@code α·r + (1−α)·r'}, one mix for
 * all targets; corrupted and clean rows read their own stream.
 */
final class MixedStream implements ResidualStream {
  private final Blocks blocks;
  private final Holder alpha; // [rows, 1, 1]
  private final Holder sum = new Holder(); // [blocks · rows, time, D]

  MixedStream(Placement placement, Blocks blocks, Gates.Uniform gates) {
    this.blocks = blocks;
    alpha = new Holder(placement.tensor(gates.alpha(), blocks.rows(), 1, 1));
  }

  @Override
  public void writeInput(Tensor embedding) {
    sum.set(embedding);
  }

  @Override
  public Reads readHeads(int layer) {
    return Reads.shared(mix());
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    sum.get().add_(output.sum(z));
  }

  @Override
  public Tensor readMlp(int layer) {
    return mix();
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    sum.get().add_(output);
  }

  @Override
  public Tensor readLogits() {
    return mix();
  }

  private Tensor mix() {
    Tensor all = sum.get();
    Tensor live = torch.lerp(blocks.corrupted(all, 0), blocks.live(all, 0), alpha.get());
    return torch.cat(new TensorVector(live, blocks.plain(all, 0)), 0);
  }

  @Override
  public void close() {
    sum.close();
    alpha.close();
  }
}
