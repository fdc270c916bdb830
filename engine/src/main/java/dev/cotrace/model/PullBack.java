package dev.cotrace.model;

import dev.cotrace.model.Decoder.Projections;
import dev.cotrace.model.ResidualStream.Reads;
import dev.cotrace.model.Weights.AttentionWeights;
import dev.cotrace.model.Weights.MlpWeights;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Vector-Jacobian products of a decoder's blocks: from the cotangent of what a block adds to the
 * residual stream to the cotangents of what it reads, before the norm.
 *
 * <p>Each method starts from one block's recorded read, so memory is that of one layer. Several
 * cotangents (the direct and the through-CoT part) go back together. Linear maps and norms go back
 * by formula; libtorch's autograd does the activation, and attention with all that happens to
 * queries and keys in it.
 */
public final class PullBack {
  private final Decoder decoder;

  /** The pull-backs of {@code decoder}. */
  public PullBack(Decoder decoder) {
    this.decoder = decoder;
  }

  /**
   * Cotangents at the heads of a layer.
   *
   * @param reads of what all heads read, summed over heads, q, k and v, {@code [C, N, D]}
   * @param projections of every query head's q, k and v, {@code [3H, C, N, dHead]} in target order
   *     (all q, all k, all v): {@link HeadReads} makes of them what each target reads
   * @param stems of every query head's k and v at the places of stems, {@code [2, C, M, H, dHead]}
   */
  public record Heads(Tensor reads, Tensor projections, Tensor stems) {}

  /**
   * Goes back through the heads of a layer.
   *
   * @param read what all heads of {@code layer} read, {@code [N + M, D]}
   * @param rows the sequences that the N places are, and the M places of their stems
   * @param outputs cotangents of the heads' sum, {@code [C, N, D]}
   * @param later cotangents of every query head's k and v from rows of which these are the stem,
   *     {@code [2, C, N, H, dHead]}; null for none
   */
  public Heads heads(
      int layer, Tensor read, PackedRows rows, Tensor outputs, @Nullable Tensor later) {
    try (Scope scope = new Scope()) {
      Projections shared = decoder.project(layer, Reads.shared(read.unsqueeze(0)));
      int group = decoder.architecture().groupSize();
      Tensor query = leaf(shared.query());
      Tensor key = leaf(ungrouped(shared.key(), group));
      Tensor value = leaf(ungrouped(shared.value(), group));
      Projections turned =
          decoder.positioned(layer, new Projections(query, key, value), rows.span());
      HeadOutput output = decoder.headOutput(layer);
      Tensor z = output.normed(rows.attend(layer, turned));
      long count = outputs.size(0);
      long heads = z.size(2);
      long own = rows.places();
      Heads all =
          new Heads(
              outputs.new_empty(outputs.sizes()),
              scope.keep(read.new_empty(3 * heads, count, own, z.size(3))),
              scope.keep(read.new_empty(2, count, read.size(0) - own, heads, z.size(3))));
      for (int i = 0; i < count; i++) {
        Tensor cotangent = output.pullBack(outputs.narrow(0, i, 1));
        Tensor[] each = Torch.pullBack(z, cotangent, i + 1 < count, query, key, value);
        put(all, i, each, later);
        all.reads.select(0, i).copy_(throughProjections(layer, each));
      }
      Norm norm = decoder.layer(layer).attention().norm();
      Tensor reads = norm.pullBack(norm.standardised(read.narrow(0, 0, own)), all.reads);
      return new Heads(scope.keep(reads), all.projections, all.stems);
    }
  }

  /**
   * Puts one cotangent's part where it belongs and leaves in {@code each} what is the rows' own.
   *
   * @param each of q, k and v, {@code [1, N + M, H, dHead]}
   */
  private static void put(Heads all, int cotangent, Tensor[] each, @Nullable Tensor later) {
    long own = all.projections.size(2);
    long heads = all.stems.size(3);
    for (int slot = 0; slot < each.length; slot++) {
      Tensor places = each[slot];
      each[slot] = places.narrow(1, 0, own);
      if (slot > 0) {
        Tensor ofStems = places.select(0, 0).narrow(0, own, places.size(1) - own);
        all.stems.select(0, slot - 1).select(0, cotangent).copy_(ofStems);
        if (later != null) {
          each[slot].add_(later.select(0, slot - 1).select(0, cotangent));
        }
      }
      Tensor byHead = each[slot].select(0, 0).transpose(0, 1);
      all.projections.narrow(0, slot * heads, heads).select(1, cotangent).copy_(byHead);
    }
  }

  /**
   * Goes back through heads whose targets have each read something of their own.
   *
   * @param reads of every query head's q, then k, then v, {@code [3H, N, D]}
   * @param rows the sequences that the N places are, without stems
   * @param outputs cotangents of every head's output, {@code [H, N, D]}
   * @return cotangents of the reads, {@code [3H, N, D]}
   */
  public Tensor headsApart(int layer, Tensor reads, PackedRows rows, Tensor outputs) {
    try (Scope scope = new Scope()) {
      Projections apart = decoder.project(layer, new Reads(reads.unsqueeze(1), null));
      Tensor query = leaf(apart.query());
      Tensor key = leaf(apart.key());
      Tensor value = leaf(apart.value());
      Projections turned =
          decoder.positioned(layer, new Projections(query, key, value), rows.span());
      HeadOutput output = decoder.headOutput(layer);
      Tensor z = output.normed(rows.attend(layer, turned));
      Tensor[] each =
          Torch.pullBack(
              z, output.pullBackEach(outputs), /* keepGraph= */ false, query, key, value);
      AttentionWeights w = decoder.layer(layer).attention();
      Tensor normed =
          torch.cat(
              new TensorVector(
                  throughProjection(w.query(), each[0]),
                  throughProjection(w.key(), each[1]),
                  throughProjection(w.value(), each[2])),
              0);
      return scope.keep(w.norm().pullBack(w.norm().standardised(reads), normed));
    }
  }

  /** From one target of every query head, {@code [1, N, H, dHead]}, to what each read, normed. */
  private static Tensor throughProjection(Linear projection, Tensor heads) {
    Tensor perHead = projection.weight().view(-1, heads.size(3), projection.weight().size(1));
    Tensor byHead = heads.select(0, 0).transpose(0, 1); // [H, N, dHead]
    return byHead
        .reshape(perHead.size(0), -1, heads.size(3))
        .bmm(perHead)
        .view(heads.size(2), heads.size(1), -1);
  }

  /** From every query head's q, k and v, {@code [1, N, H, dHead]}, to the normed read. */
  private Tensor throughProjections(int layer, Tensor[] heads) {
    AttentionWeights w = decoder.layer(layer).attention();
    return flat(heads[0])
        .matmul(w.query().weight())
        .addmm_(grouped(heads[1], w.key()), w.key().weight())
        .addmm_(grouped(heads[2], w.value()), w.value().weight());
  }

  private static Tensor flat(Tensor heads) {
    return heads.reshape(heads.size(1), -1);
  }

  /** Heads that share a projection summed, {@code [N, Hk · dHead]}. */
  private static Tensor grouped(Tensor heads, Linear projection) {
    long shared = projection.weight().size(0) / heads.size(3);
    return shared == heads.size(2)
        ? flat(heads)
        : heads.reshape(heads.size(1), shared, -1, heads.size(3)).sum(2).reshape(heads.size(1), -1);
  }

  /**
   * Cotangents of the MLP's read, {@code [C, N, D]}.
   *
   * @param read what the MLP of {@code layer} read, {@code [N, D]}
   * @param outputs cotangents of its output, {@code [C, N, D]}
   */
  public Tensor mlp(int layer, Tensor read, Tensor outputs) {
    try (Scope scope = new Scope()) {
      MlpWeights w = decoder.layer(layer).mlp();
      Tensor x = w.norm().apply(read);
      Tensor up = w.up().apply(x);
      Linear gating = w.gate();
      Tensor input = leaf(gating == null ? up : gating.apply(x));
      Tensor active = decoder.activate(input);
      Tensor slope = Torch.pullBack(active, torch.ones_like(active), false, input)[0];
      Tensor activation = active.detach();
      Tensor hidden = gating == null ? activation : activation.mul(up);
      Tensor cotangent = throughPostNorm(w, hidden, outputs).matmul(w.down().weight());
      Tensor normed =
          gating == null
              ? cotangent.mul(slope).matmul(w.up().weight())
              : cotangent
                  .mul(activation)
                  .matmul(w.up().weight())
                  .add_(cotangent.mul(slope.mul(up)).matmul(gating.weight()));
      return scope.keep(w.norm().pullBack(w.norm().standardised(read), normed));
    }
  }

  private static Tensor throughPostNorm(MlpWeights w, Tensor hidden, Tensor outputs) {
    @Nullable Norm after = w.postNorm();
    return after == null
        ? outputs
        : after.pullBack(after.standardised(w.down().apply(hidden)), outputs);
  }

  private static Tensor leaf(Tensor value) {
    return value.detach().requires_grad_(true);
  }

  /**
   * Keys or values {@code [1, N, Hk, dHead]} repeated for every query head, {@code [1, N, H,
   * dHead]}.
   */
  private static Tensor ungrouped(Tensor shared, int group) {
    return group == 1
        ? shared
        : shared.repeat_interleave(group, new LongOptional(2), new LongOptional());
  }
}
