package dev.cotrace.model;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.dictionary.Site;
import dev.cotrace.dictionary.Site.Kind;
import dev.cotrace.feature.Activations;
import dev.cotrace.model.ReferenceDecoder.Write;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is collected at each site is what the plain decoder of the tests has there. */
class ActivationsTest {
  private static final Placement EXACT = Placement.cpu(Precision.FLOAT64);

  /** Float64 on both sides, relative to the largest activation of a site. */
  private static final double ROUNDING = 1e-11;

  static List<String> models() {
    return GoldenModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everySiteHasWhatTheReferenceHasThere(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    int[] whole = golden.ids(0);
    int[] part = Arrays.copyOf(golden.ids(golden.sequences() - 1), 3);
    Reference first = Reference.of(golden, whole);
    Reference second = Reference.of(golden, part);
    try (Model model = Model.load(golden.folder(), EXACT);
        Scope _ = new Scope()) {
      Architecture architecture = model.architecture();
      List<Site> sites = sites(architecture);
      List<Tensor> collected = new Activations(model.decoder()).at(sites, List.of(whole, part));
      for (int i = 0; i < sites.size(); i++) {
        Site site = sites.get(i);
        double[] expected =
            Stream.of(first, second)
                .flatMap(reference -> Arrays.stream(reference.at(site, architecture)))
                .flatMapToDouble(Arrays::stream)
                .toArray();
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertThat(collected.get(i).size(1)).isEqualTo(Activations.width(site, architecture));
        assertThat(Placement.toDoubles(collected.get(i)))
            .as("%s", site)
            .containsExactly(expected, Offset.offset(ROUNDING * largest));
      }
    }
  }

  @Test
  void sitesThatAModelLacksAreRefused() {
    Site mid = Site.ofHook("blocks.0.hook_resid_mid");
    try (TinyModel model = TinyModel.of("gpt_neox", 1, 2, 5)) {
      assertThatThrownBy(() -> Activations.require(mid, model.architecture()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("stand side by side");
      assertThatThrownBy(
              () -> Activations.require(Site.ofHook("blocks.2.hook_mlp_out"), model.architecture()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected a layer from 0 to 1");
    }
  }

  private static List<Site> sites(Architecture architecture) {
    return IntStream.range(0, architecture.layers())
        .boxed()
        .flatMap(layer -> Arrays.stream(Kind.values()).map(kind -> new Site(kind, layer)))
        .filter(site -> site.kind() != Kind.RESIDUAL_MID || !architecture.parallel())
        .toList();
  }

  /** One sequence in the reference. */
  private record Reference(List<Write> written, Map<String, double[][]> seen) {
    static Reference of(GoldenModel golden, int[] ids) {
      Map<String, double[][]> seen = new HashMap<>();
      ReferenceDecoder decoder = ReferenceModels.of(golden.weights(), golden.config());
      return new Reference(decoder.run(ids, seen::put).written(), seen);
    }

    /** The activations at {@code site}, {@code [T][width]}. */
    double[][] at(Site site, Architecture architecture) {
      int layer = site.layer();
      String mlp = "m" + layer;
      Predicate<Write> earlier =
          write ->
              write.source().equals("input")
                  || Integer.parseInt(write.source().replaceAll("\\..*|[a-z]", "")) < layer;
      Predicate<Write> attention = write -> write.source().startsWith("a" + layer + ".");
      Predicate<Write> ownMlp = write -> write.source().equals(mlp);
      return switch (site.kind()) {
        case RESIDUAL_PRE -> sum(earlier);
        case RESIDUAL_MID -> sum(earlier.or(attention));
        case RESIDUAL_POST -> sum(earlier.or(attention).or(ownMlp));
        case ATTENTION_OUTPUT -> sum(attention);
        case HEAD_VALUES -> heads(layer, architecture.heads());
        case MLP_NORMALISED -> standardised(see(mlp + ".read"), architecture.normalisation());
        case MLP_INPUT -> see(mlp + ".in");
        case MLP_RAW_OUTPUT -> see(mlp + ".out");
        case MLP_OUTPUT -> sum(ownMlp);
      };
    }

    private double[][] see(String what) {
      return requireNonNull(seen.get(what));
    }

    private double[][] sum(Predicate<Write> which) {
      return ReferenceDecoder.sum(written.stream().filter(which).toList());
    }

    private double[][] heads(int layer, int count) {
      double[][] rows = new double[written.getFirst().output().length][];
      Arrays.setAll(
          rows,
          t ->
              IntStream.range(0, count)
                  .mapToObj(head -> see("a%d.h%d.z".formatted(layer, head))[t])
                  .flatMapToDouble(Arrays::stream)
                  .toArray());
      return rows;
    }

    private static double[][] standardised(double[][] read, Architecture.Normalisation norm) {
      double[][] rows = new double[read.length][];
      Arrays.setAll(
          rows,
          t -> {
            double mean = norm.centred() ? Arrays.stream(read[t]).average().orElseThrow() : 0;
            double[] offset = ReferenceFunctions.map(read[t], v -> v - mean);
            double root = ReferenceFunctions.root(offset, norm.epsilon());
            return ReferenceFunctions.map(offset, v -> v / root);
          });
      return rows;
    }
  }
}
