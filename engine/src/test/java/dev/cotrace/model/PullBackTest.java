package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PullBackTest {
  private static final Placement EXACT = Placement.cpu(Precision.FLOAT64);

  /** Float64 on both sides, relative to the largest gradient; only the order of sums differs. */
  private static final double ROUNDING = 1e-12;

  /** What the goldens' README asks of float32. */
  private static final double SINGLE = 1e-5;

  static List<String> models() {
    return GoldenModel.names();
  }

  /**
   * The logits are weighted at random and differentiated at once by libtorch's autograd, and block
   * by block by the pull-backs, for two rows of which one is padded.
   */
  @ParameterizedTest
  @MethodSource("models")
  void blockByBlockEqualsAutogradThroughTheWholeForwardPass(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    long[] padding = {0, 3};
    try (Model model = Model.load(golden.folder(), EXACT);
        Scope _ = new Scope();
        KvCache cache = cache(model, golden.ids(0).length, padding);
        LeafStream stream = new LeafStream(model.architecture().heads())) {
      model.decoder().forward(tokens(golden), cache, stream);
      Tensor logits = model.decoder().logits(stream.readLogits());
      List<Tensor> gradients = stream.gradients(logits.mul(weights(name, logits, padding)).sum());
      assertPullBacks(model, new Packing(golden.ids(0).length, padding), stream.reads(), gradients);
    }
  }

  /** The filled slots of {@code [rows, time]}, end to end. */
  private record Packing(int time, long[] padding) {
    PackedRows rows(Model model) {
      int[] lengths = Arrays.stream(padding).mapToInt(p -> time - (int) p).toArray();
      return new PackedRows(model.decoder(), lengths);
    }

    /** {@code [count, places, D]} of {@code [count, rows, time, D]}. */
    Tensor pack(Tensor all) {
      long[] filled =
          IntStream.range(0, padding.length)
              .boxed()
              .flatMapToLong(
                  row -> LongStream.range(padding[row], time).map(t -> (long) row * time + t))
              .toArray();
      return all.reshape(all.size(0), -1, all.size(3))
          .index_select(1, EXACT.indices(filled, filled.length));
    }

    /** {@code [places, D]} of {@code [rows, time, D]}. */
    Tensor packOne(Tensor all) {
      return pack(all.unsqueeze(0)).select(0, 0);
    }
  }

  private static void assertPullBacks(
      Model model, Packing packing, List<Tensor> reads, List<Tensor> gradients) {
    PullBack pullBack = new PullBack(model.decoder());
    PackedRows rows = packing.rows(model);
    Tensor cotangent = packing.packOne(gradients.getLast());
    for (int layer = model.architecture().layers() - 1; layer >= 0; layer--) {
      Tensor mlp = packing.packOne(gradients.get(2 * layer + 1));
      Tensor mlpRead = packing.packOne(reads.get(2 * layer + 1));
      assertBoth(pullBack.mlp(layer, mlpRead, twice(cotangent)), mlp);
      Tensor afterHeads = model.architecture().parallel() ? cotangent : cotangent.add(mlp);
      Tensor heads = packing.pack(gradients.get(2 * layer));
      Tensor read = packing.packOne(reads.get(2 * layer));
      PullBack.Heads pulled = pullBack.heads(layer, read, rows, twice(afterHeads), null);
      assertBoth(pulled.reads(), heads.sum(0));
      Tensor each = heads.new_empty(heads.size(0), 2, heads.size(1), heads.size(2));
      new HeadReads(model.decoder(), layer).pullBack(read, pulled.projections(), each);
      assertBoth(each.transpose(0, 1).contiguous(), heads);
      cotangent = cotangent.add(mlp).add(heads.sum(0));
    }
  }

  static Stream<Arguments> modelsAtBothPrecisions() {
    return GoldenModel.names().stream()
        .flatMap(name ->
            Stream.of(
                Arguments.of(name, Precision.FLOAT64, ROUNDING),
                Arguments.of(name, Precision.FLOAT32, SINGLE)));
  }

  /**
   * transformers' residual stream before every layer and after the last, and its gradient of the
   * last position's log-probability, of each block's output.
   */
  @ParameterizedTest
  @MethodSource("modelsAtBothPrecisions")
  void hiddenStatesAndTheRunningSumOfPullBacksAreThoseOfTransformers(
      String name, Precision precision, double tolerance) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    Placement placement = Placement.cpu(precision);
    int time = golden.ids(0).length;
    try (Model model = Model.load(golden.folder(), placement);
        Scope _ = new Scope();
        KvCache cache = cache(model, time, new long[2]);
        LeafStream stream = new LeafStream(model.architecture().heads())) {
      model.decoder().forward(tokens(golden), cache, stream);
      Tensor logits = model.decoder().logits(stream.readLogits());
      int layers = model.architecture().layers();
      NamedArray residual = golden.golden("residual");
      assertClose(stream.reads().getLast(), residual.slice(layers), tolerance);
      Tensor last = torch.log_softmax(logits.select(1, time - 1), 1);
      Tensor sum =
          last.select(0, 0)
              .select(0, golden.nextToken(0))
              .add(last.select(0, 1).select(0, golden.nextToken(1)));
      PullBack pullBack = new PullBack(model.decoder());
      PackedRows rows = new PackedRows(model.decoder(), new int[] {time, time});
      Tensor cotangent = stream.gradients(sum).getLast();
      for (int layer = layers - 1; layer >= 0; layer--) {
        Tensor read = stream.reads().get(2 * layer);
        assertClose(read, residual.slice(layer), tolerance);
        assertClose(cotangent, golden.golden("mlp_output_gradient").slice(layer), tolerance);
        Tensor mlpRead = stream.reads().get(2 * layer + 1);
        Tensor mlp = pullBack.mlp(layer, flat(mlpRead), flat(cotangent).unsqueeze(0));
        mlp = mlp.reshape(cotangent.sizes());
        Tensor afterHeads = model.architecture().parallel() ? cotangent : cotangent.add(mlp);
        double[] expected = golden.golden("attention_output_gradient").slice(layer);
        assertClose(afterHeads, expected, tolerance);
        Tensor outputs = flat(afterHeads).unsqueeze(0);
        Tensor heads = pullBack.heads(layer, flat(read), rows, outputs, null).reads();
        cotangent = cotangent.add(mlp).add(heads.reshape(cotangent.sizes()));
      }
    }
  }

  private static KvCache cache(Model model, int capacity, long[] padding) {
    Architecture a = model.architecture();
    return new KvCache(model.decoder().placement(), a, a.heads(), capacity, padding);
  }

  private static Tensor tokens(GoldenModel golden) {
    long[] ids = new long[2 * golden.ids(0).length];
    Arrays.setAll(ids, i -> golden.ids(i % 2)[i / 2]);
    return EXACT.indices(ids, ids.length / 2, 2).t();
  }

  /** Random weights of {@code logits}, zero in the padding. */
  private static Tensor weights(String seed, Tensor logits, long[] padding) {
    Random random = new Random(seed.hashCode());
    double[] values = random.doubles(logits.numel(), -1, 1).toArray();
    Tensor weights = EXACT.tensor(values, logits.sizes().vec().get());
    for (int row = 0; row < padding.length; row++) {
      weights.select(0, row).narrow(0, 0, padding[row]).zero_();
    }
    return weights;
  }

  /** {@code [rows · time, D]} of {@code [rows, time, D]}. */
  private static Tensor flat(Tensor x) {
    return x.reshape(-1, x.size(2));
  }

  /** Two cotangents, of which the second is minus twice the first. */
  private static Tensor twice(Tensor cotangent) {
    return torch.stack(new TensorVector(cotangent, cotangent.mul(new Scalar(-2.0))), 0);
  }

  private static void assertBoth(Tensor actual, Tensor expected) {
    double[] values = Placement.toDoubles(expected);
    assertThat(actual.size(0)).isEqualTo(2);
    assertClose(actual.select(0, 0), values);
    assertClose(actual.select(0, 1), Arrays.stream(values).map(v -> -2 * v).toArray());
  }

  private static void assertClose(Tensor actual, double[] expected) {
    assertClose(actual, expected, ROUNDING);
  }

  private static void assertClose(Tensor actual, double[] expected, double tolerance) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(Placement.toDoubles(actual))
        .containsExactly(expected, Offset.offset(tolerance * largest));
  }
}
