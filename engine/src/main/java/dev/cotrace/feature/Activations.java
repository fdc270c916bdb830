package dev.cotrace.feature;

import static java.util.Objects.requireNonNull;

import dev.cotrace.dictionary.ModelShape;
import dev.cotrace.dictionary.Site;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.PlainRun;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What a plain model computes at a {@link Site}, as TransformerLens' hook of that name has it for
 * the model as it is, without its processing of weights (docs/dictionaries.md).
 */
public final class Activations {
  private final Decoder decoder;

  /** Those of {@code decoder}. */
  public Activations(Decoder decoder) {
    this.decoder = decoder;
  }

  /** What a dictionary has to fit to in a model of {@code architecture}. */
  public static ModelShape shape(Architecture architecture) {
    return new ModelShape(
        architecture.layers(),
        architecture.width(),
        (long) architecture.heads() * architecture.headDimension(),
        architecture.normalisation().centred());
  }

  /** The width of the activations at {@code site} in a model of {@code architecture}. */
  public static int width(Site site, Architecture architecture) {
    return site.kind() == Site.Kind.HEAD_VALUES
        ? architecture.heads() * architecture.headDimension()
        : architecture.width();
  }

  /**
   * Refuses a site that a model of {@code architecture} lacks.
   *
   * @throws IllegalArgumentException when there is no such layer, or nothing between attention and
   *     MLP because they stand side by side
   */
  public static void require(Site site, Architecture architecture) {
    if (site.layer() >= architecture.layers()) {
      throw new IllegalArgumentException(
          "expected a layer from 0 to %d, got %s".formatted(architecture.layers() - 1, site));
    }
    if (site.kind() == Site.Kind.RESIDUAL_MID && architecture.parallel()) {
      throw new IllegalArgumentException(
          "%s is between attention and MLP, which stand side by side in this model: say hook_resid_pre or hook_resid_post"
              .formatted(site));
    }
  }

  /**
   * The activations at {@code site}, {@code [N, width]}, heads side by side: the positions of all
   * sequences one after another; in the caller's scope.
   *
   * @param sequences token ids from position 0, at least one
   * @throws IllegalArgumentException when the model lacks the site or cannot take the ids
   */
  public Tensor at(Site site, List<int[]> sequences) {
    return at(List.of(site), sequences).getFirst();
  }

  /** As {@link #at(Site, List)} of several different sites, each {@code [N, width]}, in one run. */
  public List<Tensor> at(List<Site> sites, List<int[]> sequences) {
    sites.forEach(site -> require(site, decoder.architecture()));
    Map<Site, List<Holder>> parts = new LinkedHashMap<>();
    sites.forEach(site -> parts.put(site, new ArrayList<>()));
    try (Scope scope = new Scope()) {
      PlainRun run = new PlainRun(decoder);
      sequences.forEach(run::check);
      run.run(sequences, new Watched(parts));
      List<Tensor> all = new ArrayList<>();
      for (Site site : sites) {
        TensorVector vector = new TensorVector();
        requireNonNull(parts.get(site)).forEach(part -> vector.push_back(part.get()));
        all.add(scope.keep(torch.cat(vector, 0)));
      }
      return all;
    } finally {
      parts.values().forEach(holders -> holders.forEach(Holder::close));
    }
  }

  /** Keeps the activations of every batch. */
  private final class Watched implements PlainRun.Batch {
    private final Map<Site, List<Holder>> parts;

    Watched(Map<Site, List<Holder>> parts) {
      this.parts = parts;
    }

    @Override
    public ResidualStream stream(Tensor places) {
      Map<Site, SiteStream.Visitor> visitors = new LinkedHashMap<>();
      parts.forEach((site, holders) ->
          visitors.put(
              site,
              activation -> {
                holders.add(new Holder(PlainRun.filled(activation, places)));
                return activation;
              }));
      return new SiteStream(decoder, visitors);
    }

    @Override
    public void read(int first, int end, ResidualStream stream, Tensor places) {
      // All was seen on the way.
    }
  }
}
