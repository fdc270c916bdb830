package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.MeanOutputs;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MeanOutputsTest {
  private static final List<int[]> SEQUENCES =
      List.of(new int[] {1, 2, 0}, new int[] {2}, new int[] {3, 1, 1, 0, 2}, new int[] {0, 3});

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void meansAreThoseOfNaiveOutputsAtEveryPosition(String family) {
    try (TinyModel model = TinyModel.of(family, 71, 2, 4);
        MeanOutputs outputs = new MeanOutputs(GatedModel.of(model.decoder()), 9)) {
      outputs.add(SEQUENCES.subList(0, 3));
      outputs.add(SEQUENCES.subList(3, 4));
      SourceValues means = outputs.means();
      assertThat(Arrays.copyOf(outputs.counts(), 6)).containsExactly(4, 3, 2, 1, 1, 0);
      assertThat(means.positions()).isEqualTo(5);
      NaiveGatedModel naive = new NaiveGatedModel(model);
      double[][][] sums = sums(naive, means.sources(), means.width());
      for (int source = 0; source < means.sources(); source++) {
        for (int d = 0; d < means.width(); d++) {
          double all = 0;
          for (int t = 0; t < 5; t++) {
            all += sums[source][t][d];
            double at = means.positional()[(source * 5 + t) * means.width() + d];
            // Means are kept in float32.
            assertThat(at).isCloseTo(sums[source][t][d] / outputs.counts()[t], offset(1e-5));
          }
          assertThat((double) means.overall()[source * means.width() + d])
              .isCloseTo(all / 11, offset(1e-5));
        }
      }
    }
  }

  private static double[][][] sums(NaiveGatedModel naive, int sources, int width) {
    double[][][] sums = new double[sources][5][width];
    for (int[] sequence : SEQUENCES) {
      try (Scope _ = new Scope()) {
        long[] ids = Arrays.stream(sequence).asLongStream().toArray();
        Tensor tokens = Placement.cpu(Precision.FLOAT64).indices(ids, 1, ids.length);
        List<Tensor> each = naive.outputs(tokens, null);
        for (int source = 0; source < sources; source++) {
          double[] values = Placement.toDoubles(each.get(source));
          for (int i = 0; i < values.length; i++) {
            sums[source][i / width][i % width] += values[i];
          }
        }
      }
    }
    return sums;
  }
}
