package dev.cotrace.model;

import dev.cotrace.model.Weights.AttentionWeights;
import dev.cotrace.model.Weights.Layer;
import dev.cotrace.model.Weights.MlpWeights;
import dev.cotrace.model.Weights.Parameters;
import dev.cotrace.torch.Scope;
import java.util.List;
import java.util.function.UnaryOperator;
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
    String head = head();
    boolean headOnly =
        a.tiedUnembedding()
            && !source.has(prefix + names.embedding() + ".weight")
            && source.has(head + ".weight");
    Tensor embedding = matrix(headOnly ? head : prefix + names.embedding(), a.vocabulary());
    Norm finalNorm = norm(prefix + names.finalNorm(), a.width());
    Tensor unembedding = a.tiedUnembedding() ? tied(embedding, head) : matrix(head, a.vocabulary());
    List<Layer> layers = IntStream.range(0, a.layers()).mapToObj(this::layer).toList();
    boolean rotary = a.attention().patterns().getFirst().rotary().enabled();
    Tensor positions =
        rotary || names.positions() == null
            ? null
            : matrix(prefix + names.positions(), a.maxPositions());
    return new Parameters(embedding, positions, layers, finalNorm, new Linear(unembedding, null));
  }

  private String head() {
    String within = "language_model." + names.unembedding();
    return source.has(within + ".weight") ? within : names.unembedding();
  }

  /** A copy of the embedding may be stored; another matrix would be another model. */
  private Tensor tied(Tensor embedding, String head) {
    if (source.has(head + ".weight")) {
      try (Scope _ = new Scope()) {
        if (!matrix(head, architecture.vocabulary()).equal(embedding)) {
          throw new IllegalArgumentException(
              "the configuration ties the unembedding to the token embedding, but %s.weight is another matrix: set tie_word_embeddings to false, or remove the tensor"
                  .formatted(head));
        }
      }
    }
    return embedding;
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
    Norm norm = norm(at + names.attentionNorm(), width);
    List<Linear> inputs = inputs(at);
    return new AttentionWeights(
        norm,
        inputs.get(0),
        inputs.get(1),
        inputs.get(2),
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
  private List<Linear> inputs(String at) {
    Architecture.Attention heads = architecture.attention();
    long width = architecture.width();
    long query = (long) heads.heads() * heads.headDimension();
    long shared = (long) heads.keyValueHeads() * heads.headDimension();
    boolean biased = heads.inputBias();
    try (Scope scope = new Scope()) {
      List<Linear> inputs =
          switch (layout.fusion()) {
            case APART ->
                List.of(
                    linear(at + names.query(), query, width, biased),
                    linear(at + names.key(), shared, width, biased),
                    linear(at + names.value(), shared, width, biased));
            case BLOCKS -> {
              Linear all = linear(at + names.query(), query + 2 * shared, width, biased);
              yield List.of(
                  each(all, x -> x.narrow(0, 0, query)),
                  each(all, x -> x.narrow(0, query, shared)),
                  each(all, x -> x.narrow(0, query + shared, shared)));
            }
            case BY_HEAD -> {
              Linear all = linear(at + names.query(), 3 * query, width, biased);
              yield List.of(
                  each(all, x -> third(x, 0)),
                  each(all, x -> third(x, 1)),
                  each(all, x -> third(x, 2)));
            }
          };
      if (layout.interleavedHeads()) {
        inputs =
            List.of(
                each(inputs.get(0), this::halfSplit),
                each(inputs.get(1), this::halfSplit),
                inputs.get(2));
      }
      return inputs.stream().map(input -> each(input, scope::keep)).toList();
    }
  }

  private Linear linear(String name, long out, long in, boolean biased) {
    Tensor weight = weight(name + ".weight", out, in);
    return new Linear(weight, biased ? source.read(name + ".bias", out) : null);
  }

  private Tensor weight(String name, long out, long in) {
    if (!layout.transposed()) {
      return source.read(name, out, in);
    }
    try (Scope scope = new Scope()) {
      return scope.keep(source.read(name, in, out).t().contiguous());
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

  private static Linear each(Linear linear, UnaryOperator<Tensor> change) {
    Tensor bias = linear.bias();
    return new Linear(change.apply(linear.weight()), bias == null ? null : change.apply(bias));
  }

  /** Of every three times dHead rows those of part {@code index}. */
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
