package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.model.ReferenceDecoder.Write;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What each node adds to the residual stream, heads of post-normed layers included. */
class NodeOutputTest {
  private static final Placement EXACT = Placement.cpu(Precision.FLOAT64);

  /** Float64 on both sides, relative to the largest output of any node. */
  private static final double ROUNDING = 1e-12;

  static List<String> models() {
    return GoldenModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyNodeAddsWhatItAddsInTheReference(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    int[] ids = golden.ids(0);
    List<Write> written =
        ReferenceModels.of(golden.weights(), golden.config()).run(ids).written().stream()
            .filter(write -> !write.source().endsWith(".bias"))
            .toList();
    List<double[]> outputs = outputs(golden, ids);
    assertThat(outputs).hasSameSizeAs(written);
    double largest =
        outputs.stream().flatMapToDouble(Arrays::stream).map(Math::abs).max().orElseThrow();
    for (int node = 0; node < outputs.size(); node++) {
      double[] expected =
          Arrays.stream(written.get(node).output()).flatMapToDouble(Arrays::stream).toArray();
      assertThat(outputs.get(node))
          .as(written.get(node).source())
          .containsExactly(expected, Offset.offset(ROUNDING * largest));
    }
  }

  /** Of each node in the order of the forward pass, {@code [T, D]}. */
  private static List<double[]> outputs(GoldenModel golden, int[] ids) throws IOException {
    try (Model model = Model.load(golden.folder(), EXACT);
        Scope _ = new Scope();
        RecordingStream stream = new RecordingStream();
        KvCache cache =
            new KvCache(
                EXACT,
                model.architecture(),
                model.architecture().keyValueHeads(),
                ids.length,
                new long[1])) {
      long[] tokens = Arrays.stream(ids).asLongStream().toArray();
      model.decoder().forward(EXACT.indices(tokens, 1, ids.length), cache, stream);
      return stream.outputs;
    }
  }

  /** The plain stream, with a copy of what every node writes. */
  private static final class RecordingStream implements ResidualStream {
    private final List<double[]> outputs = new ArrayList<>();
    private final PlainStream plain = new PlainStream();

    @Override
    public void writeInput(Tensor embedding) {
      outputs.add(Placement.toDoubles(embedding));
      plain.writeInput(embedding);
    }

    @Override
    public Reads readHeads(int layer) {
      return plain.readHeads(layer);
    }

    @Override
    public void writeHeads(int layer, Tensor z, HeadOutput output) {
      Tensor perHead = output.perHead(z); // [H, T, D]
      for (int head = 0; head < perHead.size(0); head++) {
        outputs.add(Placement.toDoubles(perHead.select(0, head)));
      }
      plain.writeHeads(layer, z, output);
    }

    @Override
    public Tensor readMlp(int layer) {
      return plain.readMlp(layer);
    }

    @Override
    public void writeMlp(int layer, Tensor output) {
      outputs.add(Placement.toDoubles(output));
      plain.writeMlp(layer, output);
    }

    @Override
    public Tensor readLogits() {
      return plain.readLogits();
    }

    @Override
    public void close() {
      plain.close();
    }
  }
}
