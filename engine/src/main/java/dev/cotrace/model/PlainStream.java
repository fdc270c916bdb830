package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import org.bytedeco.pytorch.Tensor;

/**
 * The ordinary residual stream: every read is the sum of all earlier writes. Never modifies a
 * tensor in place, so gradients flow through it.
 */
public final class PlainStream implements ResidualStream {
  private final Holder sum = new Holder(); // [rows, time, D]

  /** An empty stream. */
  public PlainStream() {}

  @Override
  public void writeInput(Tensor embedding) {
    sum.set(embedding);
  }

  @Override
  public Reads readHeads(int layer) {
    return Reads.shared(sum.get());
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    sum.set(sum.get().add(output.sum(z)));
  }

  @Override
  public Tensor readMlp(int layer) {
    return sum.get();
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    sum.set(sum.get().add(output));
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
