package dev.cotrace.model;

import static java.util.Objects.requireNonNull;

import dev.cotrace.torch.Holder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The plain residual stream with a zero added to every read, apart for each query head's q, k and
 * v: autograd's gradients of the zeros are the cotangents of the reads.
 */
final class LeafStream implements ResidualStream {
  private final int heads;
  private final List<Holder> zeros = new ArrayList<>();
  private final List<Holder> reads = new ArrayList<>();
  private final PlainStream plain = new PlainStream();

  LeafStream(int heads) {
    this.heads = heads;
  }

  /**
   * What was read in the order of the forward pass (heads, MLP, heads, …, logits), {@code [rows,
   * time, D]} each.
   */
  List<Tensor> reads() {
    return reads.stream().map(Holder::get).toList();
  }

  /**
   * Gradients of {@code scalar} for the same reads, {@code [3H, rows, time, D]} for a layer's heads
   * (all q, all k, all v) and {@code [rows, time, D]} for an MLP and the logits; in the caller's
   * scope.
   */
  List<Tensor> gradients(Tensor scalar) {
    Tensor[] inputs = zeros.stream().map(Holder::get).toArray(Tensor[]::new);
    return List.of(torch.grad(new TensorVector(scalar), new TensorVector(inputs)).get());
  }

  @Override
  public void writeInput(Tensor embedding) {
    plain.writeInput(embedding);
  }

  @Override
  public Reads readHeads(int layer) {
    Tensor read = requireNonNull(plain.readHeads(layer).shared());
    return new Reads(leaf(read, read.unsqueeze(0).repeat(3L * heads, 1, 1, 1)), null);
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    plain.writeHeads(layer, z, output);
  }

  @Override
  public Tensor readMlp(int layer) {
    Tensor read = plain.readMlp(layer);
    return leaf(read, read);
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    plain.writeMlp(layer, output);
  }

  @Override
  public Tensor readLogits() {
    Tensor read = plain.readLogits();
    return leaf(read, read);
  }

  private Tensor leaf(Tensor read, Tensor apart) {
    Tensor zero = torch.zeros_like(apart).requires_grad_(true);
    zeros.add(new Holder(zero));
    reads.add(new Holder(read.detach()));
    return apart.add(zero);
  }

  @Override
  public void close() {
    plain.close();
    zeros.forEach(Holder::close);
    reads.forEach(Holder::close);
  }
}
