package dev.cotrace.model;

import dev.cotrace.model.Weights.AttentionWeights;
import dev.cotrace.model.Weights.Layer;
import dev.cotrace.model.Weights.MlpWeights;
import dev.cotrace.model.Weights.Parameters;
import dev.cotrace.torch.Scope;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Brings stored parameters into the layout of {@link Weights}, in the caller's scope. */
final class ParameterReader {
  private final ParameterSource source;
  private final Architecture architecture;
  private final ParameterLayout layout;
  private final ParameterNames names;
  private final String prefix;

  ParameterReader(ParameterSource source, Architecture architecture, ParameterLayout layout) {
    this.source = source;
    this.architecture = architecture;
    this.layout = layout;
    names = layout.names();
    prefix = layout.prefix(source);
  }

  /** All parameters that the architecture asks for. */
  Parameters read() {
    Architecture a = architecture;
    Tensor embedding = matrix(prefix + names.embedding(), a.vocabulary());
    boolean rotary = a.attention().patterns().getFirst().rotary().enabled();
    return new Parameters(
        embedding,
        rotary || names.positions() == null
            ? null
            : matrix(prefix + names.positions(), a.maxPositions()),
        IntStream.range(0, a.layers()).mapToObj(this::layer).toList(),
        norm(prefix + names.finalNorm(), a.width()),
        new Linear(
            a.tiedUnembedding() ? embedding : matrix(names.unembedding(), a.vocabulary()), null));
  }

  private Tensor matrix(String name, long rows) {
    return source.read(name + ".weight", rows, architecture.width());
  }

  private Layer layer(int index) {
    String at = prefix + names.layer().formatted(index);
    return new Layer(attention(at), mlp(at));
  }

  private AttentionWeights attention(String at) {
    Architecture.Attention heads = architecture.attention();
    long width = architecture.width();
    int dHead = heads.headDimension();
    Linear[] inputs = inputs(at);
    return new AttentionWeights(
        norm(at + names.attentionNorm(), width),
        inputs[0],
        inputs[1],
        inputs[2],
        heads.headNorm() ? norm(at + names.queryNorm(), dHead) : null,
        heads.headNorm() ? norm(at + names.keyNorm(), dHead) : null,
        linear(at + names.output(), width, (long) heads.heads() * dHead, heads.outputBias()),
        postNorm(at + names.attentionPostNorm()));
  }

  private MlpWeights mlp(String at) {
    Architecture.Mlp mlp = architecture.mlp();
    long width = architecture.width();
    return new MlpWeights(
        norm(at + names.mlpNorm(), width),
        mlp.gated() ? linear(at + names.gate(), mlp.width(), width, mlp.bias()) : null,
        linear(at + names.up(), mlp.width(), width, mlp.bias()),
        linear(at + names.down(), width, mlp.width(), mlp.bias()),
        postNorm(at + names.mlpPostNorm()));
  }

  /** The projections to queries, keys and values. */
  private Linear[] inputs(String at) {
    Architecture.Attention heads = architecture.attention();
    long width = architecture.width();
    long query = (long) heads.heads() * heads.headDimension();
    long shared = (long) heads.keyValueHeads() * heads.headDimension();
    boolean biased = heads.inputBias();
    return switch (layout.fusion()) {
      case APART ->
          new Linear[] {
            rotated(at + names.query(), query, biased),
            rotated(at + names.key(), shared, biased),
            linear(at + names.value(), shared, width, biased)
          };
      case BLOCKS -> {
        Linear fused = linear(at + names.query(), query + 2 * shared, width, biased);
        yield new Linear[] {
          rows(fused, 0, query), rows(fused, query, shared), rows(fused, query + shared, shared)
        };
      }
      case BY_HEAD -> {
        try (Scope scope = new Scope()) {
          Linear fused = linear(at + names.query(), 3 * query, width, biased);
          yield new Linear[] {
            third(scope, fused, 0), third(scope, fused, 1), third(scope, fused, 2)
          };
        }
      }
    };
  }

  /** A projection whose rows rotary positions turn. */
  private Linear rotated(String name, long out, boolean biased) {
    if (!layout.interleavedHeads()) {
      return linear(name, out, architecture.width(), biased);
    }
    try (Scope scope = new Scope()) {
      Linear interleaved = linear(name, out, architecture.width(), biased);
      Tensor bias = interleaved.bias();
      return new Linear(
          scope.keep(halfSplit(interleaved.weight())),
          bias == null ? null : scope.keep(halfSplit(bias)));
    }
  }

  private Linear linear(String name, long out, long in, boolean biased) {
    Tensor bias = biased ? source.read(name + ".bias", out) : null;
    if (!layout.transposed()) {
      return new Linear(source.read(name + ".weight", out, in), bias);
    }
    try (Scope scope = new Scope()) {
      Tensor stored = source.read(name + ".weight", in, out);
      return new Linear(scope.keep(stored.t().contiguous()), bias);
    }
  }

  private @Nullable Norm postNorm(String name) {
    return architecture.normalisation().post() ? norm(name, architecture.width()) : null;
  }

  private Norm norm(String name, long width) {
    boolean centred = architecture.normalisation().centred();
    Tensor stored = source.read(name + ".weight", width);
    return new Norm(
        centred,
        architecture.normalisation().epsilon(),
        layout.offsetGains() ? stored.add(new Scalar(1.0)) : stored,
        centred ? source.read(name + ".bias", width) : null);
  }

  private static Linear rows(Linear fused, long first, long count) {
    Tensor bias = fused.bias();
    return new Linear(
        fused.weight().narrow(0, first, count), bias == null ? null : bias.narrow(0, first, count));
  }

  /** Of every three times dHead rows those of part {@code index}. */
  private Linear third(Scope scope, Linear fused, int index) {
    Tensor bias = fused.bias();
    return new Linear(
        scope.keep(third(fused.weight(), index)),
        bias == null ? null : scope.keep(third(bias, index)));
  }

  private Tensor third(Tensor rows, int index) {
    Tensor third =
        rows.reshape(-1, 3, architecture.headDimension(), columns(rows)).select(1, index);
    long[] shape = rows.sizes().vec().get();
    shape[0] /= 3;
    return third.reshape(shape);
  }

  private Tensor halfSplit(Tensor rows) {
    int half = architecture.headDimension() / 2;
    Tensor halves = rows.reshape(-1, half, 2, columns(rows)).transpose(1, 2);
    return halves.reshape(rows.sizes().vec().get());
  }

  private static long columns(Tensor rows) {
    return rows.dim() == 1 ? 1 : rows.size(1);
  }
}
