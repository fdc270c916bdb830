package dev.cotrace.model;

import static java.util.Objects.requireNonNull;

import dev.cotrace.model.ResidualStream.Reads;
import dev.cotrace.model.Weights.AttentionWeights;
import dev.cotrace.model.Weights.Layer;
import dev.cotrace.model.Weights.MlpWeights;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The forward pass, the only one: gated, recorded and plain runs differ by their {@link
 * ResidualStream}.
 *
 * <p>{@link #forward} is the whole; the steps it is made of are public within reason, because the
 * backward pass differentiates them one by one. Every step but {@code forward} runs in the caller's
 * scope.
 */
public final class Decoder {
  private final Architecture architecture;
  private final Weights weights;
  private final double embeddingScale; // rounded to the weights' precision, as transformers does

  /** A decoder with the parameters of {@code weights}, which must outlive it. */
  public Decoder(Architecture architecture, Weights weights) {
    this.architecture = architecture;
    this.weights = weights;
    try (Scope _ = new Scope()) {
      double[] scale = {architecture.embeddingScale()};
      embeddingScale = Placement.toDoubles(weights.placement().tensor(scale, 1))[0];
    }
  }

  /** The model's shape. */
  public Architecture architecture() {
    return architecture;
  }

  /** Where the parameters live. */
  public Placement placement() {
    return weights.placement();
  }

  /**
   * Runs all layers over the next positions of every row.
   *
   * @param tokens ids {@code [rows, time]}
   * @param cache keys and values of earlier positions; those of these positions are appended
   * @param stream carries the activations; read its logits afterwards
   */
  public void forward(Tensor tokens, KvCache cache, ResidualStream stream) {
    try (Scope _ = new Scope()) {
      int time = Math.toIntExact(tokens.size(1));
      Span span = cache.next(time);
      stream.writeInput(embed(tokens, span));
      for (int layer = 0; layer < architecture.layers(); layer++) {
        Torch.checkInterrupted();
        try (Scope _ = new Scope()) {
          Projections heads = positioned(layer, project(layer, stream.readHeads(layer)), span);
          cache.append(layer, heads.key(), heads.value());
          Tensor keys = cache.keys(layer, span.end());
          Tensor values = cache.values(layer, span.end());
          Tensor z = attend(heads.query(), keys, values, span.view(layer).mask(), false);
          if (architecture.parallel()) {
            Tensor mlp = mlp(layer, stream.readMlp(layer));
            writeHeads(layer, z, stream);
            stream.writeMlp(layer, mlp);
          } else {
            writeHeads(layer, z, stream);
            stream.writeMlp(layer, mlp(layer, stream.readMlp(layer)));
          }
        }
      }
      cache.advance(time);
    }
  }

  private void writeHeads(int layer, Tensor z, ResidualStream stream) {
    HeadOutput output = headOutput(layer);
    stream.writeHeads(layer, output.normed(stream.changeHeads(layer, z)), output);
  }

  /**
   * Queries {@code [rows, time, H, dHead]}, keys and values {@code [rows, time, Hk or H, dHead]} of
   * one layer.
   */
  record Projections(Tensor query, Tensor key, Tensor value) {}

  /** Token plus position embedding {@code [rows, time, D]} of ids {@code [rows, time]}. */
  Tensor embed(Tensor tokens, Span span) {
    Weights.Parameters parameters = weights.parameters();
    Tensor embedding = torch.embedding(parameters.tokenEmbedding(), tokens);
    if (embeddingScale != 1) {
      embedding = embedding.mul(new Scalar(embeddingScale));
    }
    Tensor learned = parameters.positionEmbedding();
    return learned == null ? embedding : embedding.add(torch.embedding(learned, span.positions()));
  }

  /** Standard deviation of the entries of the token embedding matrix. */
  public double embeddingDeviation() {
    try (Scope _ = new Scope()) {
      Tensor embedding = weights.parameters().tokenEmbedding();
      return Placement.toDoubles(embedding.std(/* unbiased= */ false))[0];
    }
  }

  /** Norm and projections of what the heads read; without their positions. */
  Projections project(int layer, Reads reads) {
    AttentionWeights w = layer(layer).attention();
    @Nullable Projections apart = reads.apart() == null ? null : apart(w, reads.apart());
    if (reads.shared() == null) {
      return requireNonNull(apart, "a read needs rows");
    }
    Tensor read = w.norm().apply(reads.shared());
    Projections shared =
        new Projections(heads(w.query(), read), heads(w.key(), read), heads(w.value(), read));
    return apart == null
        ? shared
        : new Projections(
            below(apart.query(), shared.query()),
            below(apart.key(), shared.key()),
            below(apart.value(), shared.value()));
  }

  /** From a read of its own for each target {@code [3H, rows, time, D]}. */
  private Projections apart(AttentionWeights w, Tensor reads) {
    Tensor normed = w.norm().apply(reads);
    long heads = architecture.heads();
    return new Projections(
        headsApart(w.query(), normed.narrow(0, 0, heads)),
        headsApart(w.key(), normed.narrow(0, heads, heads)),
        headsApart(w.value(), normed.narrow(0, 2 * heads, heads)));
  }

  /** Further rows; the keys or values of a group of query heads belong to each of them. */
  private static Tensor below(Tensor apart, Tensor shared) {
    long group = apart.size(2) / shared.size(2);
    Tensor each =
        group == 1
            ? shared
            : shared.repeat_interleave(group, new LongOptional(2), new LongOptional());
    return torch.cat(new TensorVector(apart, each), 0);
  }

  /** Queries and keys normed, where heads have norms, and turned by their positions. */
  Projections positioned(int layer, Projections heads, Span span) {
    AttentionWeights w = layer(layer).attention();
    Span.Rotation rotation = span.view(layer).rotation();
    return new Projections(
        positioned(heads.query(), w.queryNorm(), rotation),
        positioned(heads.key(), w.keyNorm(), rotation),
        heads.value());
  }

  private static Tensor positioned(
      Tensor heads, @Nullable Norm norm, Span.@Nullable Rotation rotation) {
    Tensor normed = norm == null ? heads : norm.apply(heads);
    return rotation == null ? normed : rotation.apply(normed);
  }

  /** A projection {@code [rows, time, heads, dHead]} of {@code read [rows, time, D]}. */
  private Tensor heads(Linear linear, Tensor read) {
    Tensor all = linear.apply(read);
    return all.reshape(all.size(0), all.size(1), -1, architecture.headDimension());
  }

  /**
   * A projection {@code [rows, time, H, dHead]} where each query head has a read of its own, {@code
   * [H, rows, time, D]}, which goes through that head's rows of the matrix only. Query heads that
   * share them lie together.
   */
  private Tensor headsApart(Linear linear, Tensor read) {
    int width = architecture.headDimension();
    Tensor perHead = linear.weight().view(-1, width, read.size(3)); // [heads, dHead, D]
    Tensor grouped = read.reshape(perHead.size(0), -1, read.size(3));
    Tensor out = grouped.bmm(perHead.transpose(1, 2));
    if (linear.bias() != null) {
      out = out.add(linear.bias().view(-1, 1, width));
    }
    return out.reshape(read.size(0), read.size(1), read.size(2), width).permute(1, 2, 0, 3);
  }

  /**
   * Scaled dot-product attention; the heads' values {@code [rows, time, H, dHead]}.
   *
   * <p>Query heads that share keys and values become further query positions of one head, so the
   * cache is never ungrouped.
   *
   * @param query {@code [rows, time, H, dHead]}
   * @param keys {@code [rows, Hk or H, end, dHead]}
   * @param values like {@code keys}
   * @param mask added to the scores, {@code [rows or 1, 1, time, end]}
   * @param causal in place of a mask: slot t sees the slots up to t; only for keys of every query
   *     head, and without a cap on scores
   */
  Tensor attend(Tensor query, Tensor keys, Tensor values, @Nullable Tensor mask, boolean causal) {
    long rows = query.size(0);
    long time = query.size(1);
    long width = query.size(3);
    long shared = keys.size(1);
    long group = query.size(2) / shared;
    Tensor grouped =
        query
            .reshape(rows, time, shared, group, width)
            .permute(0, 2, 3, 1, 4)
            .reshape(rows, shared, group * time, width);
    @Nullable Tensor bias = mask == null || group == 1 ? mask : mask.repeat(1, 1, group, 1);
    Tensor z =
        architecture.attention().scoreCap() > 0
            ? attendCapped(grouped, keys, values, bias)
            : torch.scaled_dot_product_attention(
                grouped,
                keys,
                values,
                bias == null ? new TensorOptional() : new TensorOptional(bias),
                0.0,
                causal,
                new DoubleOptional(architecture.attention().scale()),
                false);
    return z.reshape(rows, shared, group, time, width)
        .permute(0, 3, 1, 2, 4)
        .reshape(rows, time, shared * group, width);
  }

  /** As above, with scores kept below a cap; there is no fused kernel for it. */
  private Tensor attendCapped(Tensor query, Tensor keys, Tensor values, @Nullable Tensor mask) {
    Tensor scores =
        query.matmul(keys.transpose(2, 3)).mul(new Scalar(architecture.attention().scale()));
    Tensor capped = capped(scores, architecture.attention().scoreCap());
    return (mask == null ? capped : capped.add(mask)).softmax(-1).matmul(values);
  }

  private static Tensor capped(Tensor x, double cap) {
    return x.div(new Scalar(cap)).tanh().mul(new Scalar(cap));
  }

  /** The output projection of {@code layer}'s attention. */
  public HeadOutput headOutput(int layer) {
    AttentionWeights w = layer(layer).attention();
    return new HeadOutput(w.output(), architecture.heads(), w.postNorm());
  }

  /** Norm and MLP of {@code layer} on {@code read [rows, time, D]}, and the norm after it. */
  Tensor mlp(int layer, Tensor read) {
    MlpWeights w = layer(layer).mlp();
    Tensor output = w.down().apply(mlpHidden(w, read));
    return w.postNorm() == null ? output : w.postNorm().apply(output);
  }

  /** Hidden units {@code [..., F]} of an MLP that reads {@code [..., D]}. */
  Tensor mlpHidden(MlpWeights w, Tensor read) {
    return mlpHiddenOf(w, w.norm().apply(read));
  }

  /** Hidden units {@code [..., F]} of an MLP whose normed input is {@code x [..., D]}. */
  Tensor mlpHiddenOf(MlpWeights w, Tensor x) {
    Linear gate = w.gate();
    Tensor up = w.up().apply(x);
    return gate == null ? activate(up) : activate(gate.apply(x)).mul(up);
  }

  /** The output of {@code layer}'s MLP by hidden units. */
  public MlpOutput mlpOutput(int layer) {
    return new MlpOutput(this, layer);
  }

  /** Logits {@code [..., V]} of the final residual stream {@code [..., D]}. */
  public Tensor logits(Tensor read) {
    Weights.Parameters parameters = weights.parameters();
    Tensor logits = parameters.unembedding().apply(parameters.finalNorm().apply(read));
    return architecture.logitCap() > 0 ? capped(logits, architecture.logitCap()) : logits;
  }

  /** The MLP's activation function of {@code x}, entry by entry. */
  Tensor activate(Tensor x) {
    return switch (architecture.mlp().activation()) {
      case SILU -> torch.silu(x);
      case GELU -> torch.gelu(x, "none");
      case GELU_TANH -> torch.gelu(x, "tanh");
    };
  }

  Layer layer(int index) {
    return weights.parameters().layers().get(index);
  }
}
