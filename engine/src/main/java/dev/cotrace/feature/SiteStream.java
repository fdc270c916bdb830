package dev.cotrace.feature;

import static java.util.Objects.requireNonNull;

import dev.cotrace.dictionary.Site;
import dev.cotrace.dictionary.Site.Kind;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.MlpSteps;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * The ordinary residual stream, with a visitor at some sites that sees the activation there and
 * says what goes on in its place.
 */
final class SiteStream implements ResidualStream {
  /** The sites within an MLP: what it reads and computes is not written to the stream as such. */
  private static final Set<Kind> INNER =
      EnumSet.of(Kind.MLP_NORMALISED, Kind.MLP_INPUT, Kind.MLP_RAW_OUTPUT);

  private final Decoder decoder;
  private final Map<Site, Visitor> visitors;
  private final Holder sum = new Holder(); // [rows, time, D]
  private final Holder inner = new Holder(); // what a visited MLP adds, [rows, time, D]

  /** Sees the activation of a site, heads side by side. */
  @FunctionalInterface
  interface Visitor {
    /**
     * What goes on, for {@code activation [rows, time, width]}: the same, or another of its shape.
     * Both belong to the scope of the layer.
     */
    Tensor visit(Tensor activation);
  }

  /** An empty stream of {@code decoder}, visited at the sites of {@code visitors}. */
  SiteStream(Decoder decoder, Map<Site, Visitor> visitors) {
    this.decoder = decoder;
    this.visitors = Map.copyOf(visitors);
  }

  @Override
  public void writeInput(Tensor embedding) {
    sum.set(embedding);
  }

  @Override
  public Reads readHeads(int layer) {
    sum.set(visited(Kind.RESIDUAL_PRE, layer, sum.get()));
    return Reads.shared(sum.get());
  }

  @Override
  public Tensor changeHeads(int layer, Tensor z) {
    return visitors.containsKey(new Site(Kind.HEAD_VALUES, layer))
        ? visited(Kind.HEAD_VALUES, layer, z.flatten(2, 3)).view_as(z)
        : z;
  }

  @Override
  public void writeHeads(int layer, Tensor z, HeadOutput output) {
    sum.set(sum.get().add(visited(Kind.ATTENTION_OUTPUT, layer, output.sum(z))));
    sum.set(visited(Kind.RESIDUAL_MID, layer, sum.get()));
  }

  @Override
  public Tensor readMlp(int layer) {
    if (INNER.stream().anyMatch(kind -> visitors.containsKey(new Site(kind, layer)))) {
      MlpSteps mlp = new MlpSteps(decoder, layer);
      Tensor normalised = visited(Kind.MLP_NORMALISED, layer, mlp.normalised(sum.get()));
      Tensor input = visited(Kind.MLP_INPUT, layer, mlp.gained(normalised));
      inner.set(mlp.finished(visited(Kind.MLP_RAW_OUTPUT, layer, mlp.computed(input))));
    }
    return sum.get();
  }

  @Override
  public void writeMlp(int layer, Tensor output) {
    Tensor added = visited(Kind.MLP_OUTPUT, layer, inner.isSet() ? inner.get() : output);
    sum.set(visited(Kind.RESIDUAL_POST, layer, sum.get().add(added)));
    inner.close();
  }

  private Tensor visited(Kind kind, int layer, Tensor activation) {
    Site site = new Site(kind, layer);
    return visitors.containsKey(site)
        ? requireNonNull(visitors.get(site)).visit(activation)
        : activation;
  }

  @Override
  public Tensor readLogits() {
    return sum.get();
  }

  @Override
  public void close() {
    sum.close();
    inner.close();
  }
}
