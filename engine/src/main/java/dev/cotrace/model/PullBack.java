package dev.cotrace.model;

import dev.cotrace.model.Decoder.Projections;
import dev.cotrace.model.ResidualStream.Reads;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * Vector-Jacobian products of a decoder's blocks: from the cotangent of what a block adds to the
 * residual stream to the cotangents of what it reads, before the norm and apart for each query
 * head's q, k and v.
 *
 * <p>Each method recomputes one block from its recorded read, so memory is that of one layer.
 * Several cotangents (the direct and the through-CoT part) share the recomputation.
 */
public final class PullBack {
  private final Decoder decoder;

  /** The pull-backs of {@code decoder}. */
  public PullBack(Decoder decoder) {
    this.decoder = decoder;
  }

  /**
   * Cotangents of every query head's reads, in target order (all q, all k, all v).
   *
   * @param read what all heads of {@code layer} read, {@code [rows, time, D]}; the whole sequences
   * @param span the positions of those sequences
   * @param outputs cotangents of the heads' sum, {@code [rows, time, D]} each
   * @return one {@code [3H, rows, time, D]} for each of {@code outputs}
   */
  public List<Tensor> heads(int layer, Tensor read, Span span, List<Tensor> outputs) {
    try (Scope scope = new Scope()) {
      Weights.AttentionWeights w = decoder.layer(layer).attention();
      Projections shared = decoder.project(layer, Reads.shared(read));
      int group = decoder.architecture().groupSize();
      Tensor query = leaf(shared.query());
      Tensor key = leaf(ungrouped(shared.key(), group));
      Tensor value = leaf(ungrouped(shared.value(), group));
      Projections turned = decoder.positioned(layer, new Projections(query, key, value), span);
      HeadOutput output = decoder.headOutput(layer);
      Tensor z =
          output.normed(
              decoder.attend(
                  turned.query(),
                  turned.key().transpose(1, 2),
                  turned.value().transpose(1, 2),
                  span.view(layer).mask()));
      HeadReads headReads = new HeadReads(w.norm(), read, decoder.architecture().headDimension());
      Linear[] projections = {w.query(), w.key(), w.value()};
      List<Tensor> reads = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        boolean more = i + 1 < outputs.size();
        Tensor[] heads =
            Torch.pullBack(z, output.pullBack(outputs.get(i)), more, query, key, value);
        reads.add(scope.keep(headReads.pullBack(projections, heads)));
      }
      return reads;
    }
  }

  /**
   * Cotangents of the MLP's read.
   *
   * @param read what the MLP of {@code layer} read, {@code [rows, time, D]}
   * @param outputs cotangents of its output, {@code [rows, time, D]} each
   * @return one {@code [rows, time, D]} for each of {@code outputs}
   */
  public List<Tensor> mlp(int layer, Tensor read, List<Tensor> outputs) {
    try (Scope scope = new Scope()) {
      Tensor input = leaf(read);
      Tensor output = decoder.mlp(layer, input);
      List<Tensor> reads = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        boolean more = i + 1 < outputs.size();
        reads.add(scope.keep(Torch.pullBack(output, outputs.get(i), more, input)[0]));
      }
      return reads;
    }
  }

  private static Tensor leaf(Tensor value) {
    return value.detach().requires_grad_(true);
  }

  /**
   * Keys or values {@code [rows, time, Hk, dHead]} repeated for every query head, {@code [rows,
   * time, H, dHead]}.
   */
  private static Tensor ungrouped(Tensor shared, int group) {
    return group == 1
        ? shared
        : shared.repeat_interleave(group, new LongOptional(2), new LongOptional());
  }
}
