package dev.cotrace.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gate gradients over parts of a batch: however it is cut, nothing is lost. */
final class PartsTest {
  private static final int ROWS = 3;
  private static final int TIME = 5;
  private static final int WIDTH = 8;

  /** Of the sum of magnitudes: both sides are float64, summed in different orders. */
  private static final double ROUNDING = 1e-12;

  @ParameterizedTest
  @CsvSource({"llama, false, 1", "gpt2, false, 2", "llama, true, 8", "gemma, true, 9"})
  void anyPartsAddUpToTheWholeBatch(String family, boolean frozen, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      Recording run = frozen ? frozen(model, seed, tape) : run(model, seed, tape);
      double[][] whole = gradients(run, model, seed, Parts.ofRows(ROWS)).units()[0];
      SplittableRandom random = new SplittableRandom(seed);
      List<int[]> partOf =
          IntStream.range(0, ROWS)
              .mapToObj(_ -> IntStream.range(0, TIME).map(_ -> random.nextInt(4)).toArray())
              .toList();
      double[][][] parts = gradients(run, model, seed, new Parts(partOf, 6)).units();
      assertSameSum(parts, whole);
      assertThat(parts[5][0]).containsOnly(0);
      assertSameSum(gradients(run, model, seed, Parts.eachRow(ROWS)).units(), whole);
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 3", "gpt2, 4"})
  void aRowIsTheSameAsAPartOrAsItsPositions(String family, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      Recording run = run(model, seed, tape);
      // Row 2 comes first, so the slots change places; afterwards they are back.
      List<int[]> partOf = List.of(filled(1), filled(Parts.NONE), filled(0));
      double[][][] moved = gradients(run, model, seed, new Parts(partOf, 2)).units();
      double[][][] rows = gradients(run, model, seed, Parts.eachRow(ROWS)).units();
      assertSameSum(new double[][][] {moved[0]}, rows[2]);
      assertSameSum(new double[][][] {moved[1]}, rows[0]);
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, false, 5", "gpt2, false, 6", "gpt_neox, true, 10", "gemma, true, 11"})
  void aPositionsMassIsTheSumOfItsEdges(String family, boolean frozen, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      Recording run = frozen ? frozen(model, seed, tape) : run(model, seed, tape);
      List<int[]> each =
          IntStream.range(0, ROWS)
              .mapToObj(row -> IntStream.range(0, TIME).map(t -> t * ROWS + row).toArray())
              .toList();
      GateGradients gradients = gradients(run, model, seed, new Parts(each, ROWS * TIME));
      double[][] inBatchOrder = gradients(run, model, seed, Parts.ofRows(ROWS)).positions();
      for (int cotangent = 0; cotangent < 2; cotangent++) {
        for (int row = 0; row < ROWS; row++) {
          for (int t = 0; t < TIME; t++) {
            double[] edges = gradients.units()[t * ROWS + row][cotangent];
            double magnitude = Arrays.stream(edges).map(Math::abs).sum();
            assertThat(gradients.positions()[cotangent][row * TIME + t])
                .isCloseTo(Arrays.stream(edges).sum(), offset(ROUNDING * magnitude))
                .isCloseTo(inBatchOrder[cotangent][row * TIME + t], offset(ROUNDING * magnitude));
          }
        }
      }
    }
  }

  @Test
  void partsOfAnotherBatchAreRefused() {
    try (TinyModel model = TinyModel.llama(7, 1, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      Recording run = run(model, 7, tape);
      assertThatThrownBy(() -> gradients(run, model, 7, Parts.ofRows(1, 1)))
          .hasMessageContaining("expected all 3 rows of the batch, got 2");
      assertThatThrownBy(() -> new Parts(List.of(filled(2)), 2))
          .hasMessageContaining("expected parts from 0 to 1");
    }
  }

  @Test
  void recordingsThatDoNotFitAreRefused() {
    try (TinyModel model = TinyModel.llama(12, 1, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      Recording run = run(model, 12, tape);
      Gates two = new Gates.Uniform(new double[] {1, 1});
      assertThatThrownBy(() -> new Recording(tape, run.slots(), two))
          .hasMessageContaining("a recording of 3 rows needs as many gates, got 2");
      Recording shorter = new Recording(tape, run.slots().subList(0, 2), two);
      assertThatThrownBy(() -> run.withDifferencesOf(shorter))
          .hasMessageContaining("rows of [5, 5, 5] positions cannot take differences");
      GatedModel gated = GatedModel.of(model.decoder());
      Gates masked = new Gates.PerEdge(gated.graph(), new double[gated.graph().cells()]);
      assertThatThrownBy(() -> run(model, masked, 12, tape))
          .hasMessageContaining("runs with a gate for every unit cannot be recorded");
    }
  }

  private static Recording run(TinyModel model, long seed, Tape tape) {
    return run(model, new Gates.Uniform(new double[] {0.2, 0.5, 0.9}), seed, tape);
  }

  /** Reads of runs with mixed inputs, and differences of clean ones, one tape for both. */
  private static Recording frozen(TinyModel model, long seed, Tape tape) {
    Recording clean = run(model, new Gates.Uniform(new double[] {1, 1, 1}), seed, tape);
    return run(model, Gates.Held.inputs(new double[] {0.2, 0.5, 0.9}), seed, tape)
        .withDifferencesOf(clean);
  }

  private static Recording run(TinyModel model, Gates gates, long seed, Tape tape) {
    SplittableRandom random = new SplittableRandom(seed);
    List<int[]> clean = IntStream.range(0, ROWS).mapToObj(_ -> ids(random)).toList();
    List<int[]> corrupted = IntStream.range(0, ROWS).mapToObj(_ -> ids(random)).toList();
    List<SequencePairs.Row> rows =
        IntStream.range(0, ROWS)
            .mapToObj(i -> new SequencePairs.Row(clean.get(i), corrupted.get(i), new int[0], 0))
            .toList();
    SequencePairs sequences = new SequencePairs(rows, new Corruption.Same());
    return Recording.of(GatedModel.of(model.decoder()), gates, sequences, tape);
  }

  private static int[] ids(SplittableRandom random) {
    return random.ints(TIME, 0, 4).toArray();
  }

  /** The gradients of two random cotangents, the same for every call with {@code seed}. */
  private static GateGradients gradients(Recording run, TinyModel model, long seed, Parts parts) {
    SplittableRandom random = new SplittableRandom(seed + 100);
    try (Scope _ = new Scope()) {
      double[] values = random.doubles(2L * ROWS * TIME * WIDTH, -1, 1).toArray();
      Tensor cotangents = model.decoder().placement().tensor(values, 2, (long) ROWS * TIME, WIDTH);
      return new GateGradient(GatedModel.of(model.decoder())).of(run, cotangents, parts);
    }
  }

  private static int[] filled(int part) {
    int[] parts = new int[TIME];
    Arrays.fill(parts, part);
    return parts;
  }

  private static void assertSameSum(double[][][] parts, double[][] whole) {
    for (int cotangent = 0; cotangent < whole.length; cotangent++) {
      double scale = Arrays.stream(whole[cotangent]).map(Math::abs).max().orElseThrow();
      for (int cell = 0; cell < whole[cotangent].length; cell++) {
        double sum = 0;
        for (double[][] part : parts) {
          sum += part[cotangent][cell];
        }
        assertThat(sum).isCloseTo(whole[cotangent][cell], offset(10 * ROUNDING * scale));
      }
    }
  }
}
