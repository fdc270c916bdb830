package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tolerances are relative to the largest absolute value of what is expected. */
class DecoderGoldenTest {
  /** Both sides are float64 throughout, rotary tables included; only the order of sums differs. */
  private static final double EXACT = 1e-12;

  /** transformers itself in float32 is up to 2e-6 away; sums here are blocked differently. */
  private static final double SINGLE = 1e-5;

  /**
   * bfloat16 keeps 8 bits: every weight and each of some ten activations on the way is wrong by up
   * to 2^-9, and attention sharpens that. 0.6 % to 5.8 % of the root mean square was seen.
   */
  private static final double HALF = 0.1;

  static List<String> models() {
    return GoldenModel.names();
  }

  @ParameterizedTest
  @MethodSource("models")
  void doublesAgreeWithTransformers(String name) throws IOException {
    assertLogits(name, Precision.FLOAT64, EXACT);
  }

  @ParameterizedTest
  @MethodSource("models")
  void floatsAgreeWithTransformers(String name) throws IOException {
    assertLogits(name, Precision.FLOAT32, SINGLE);
  }

  @ParameterizedTest
  @MethodSource("models")
  void halvesAgreeWithTransformersInTheMean(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    try (Model model = load(golden, Precision.BFLOAT16)) {
      double[] logits = flat(PlainRuns.logits(model.decoder(), golden.ids(0)));
      double[] expected = golden.golden("logits").slice(0);
      double[] error = new double[logits.length];
      Arrays.setAll(error, i -> logits[i] - expected[i]);
      assertThat(rootMeanSquare(error)).isLessThan(HALF * rootMeanSquare(expected));
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void doublesAgreeWithTheReferenceOnOtherTokens(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    ReferenceDecoder reference = ReferenceModels.of(golden.weights(), golden.config());
    int[] ids = {7, 7, 0, 39, 1, 22, 13, 13, 2, 30, 5, 19};
    try (Model model = load(golden, Precision.FLOAT64)) {
      assertClose(PlainRuns.logits(model.decoder(), ids), reference.run(ids).logits(), EXACT);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void decodingWithACacheAgreesWithTransformers(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    int[][] rows = {golden.ids(0), golden.ids(1)};
    int[] spans = new int[rows[0].length - 3];
    Arrays.fill(spans, 1);
    spans[0] = 4;
    try (Model model = load(golden, Precision.FLOAT64)) {
      double[][][] logits = PlainRuns.logits(model.decoder(), rows, spans);
      for (int row = 0; row < rows.length; row++) {
        assertClose(flat(logits[row]), golden.golden("logits_cached").slice(row), EXACT);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void decodingTokenByTokenEqualsOnePass(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    int[][] rows = {golden.ids(0), golden.ids(1)};
    int[] ones = new int[rows[0].length];
    Arrays.fill(ones, 1);
    try (Model model = load(golden, Precision.FLOAT64)) {
      double[][][] whole = PlainRuns.logits(model.decoder(), rows, rows[0].length);
      assertClose(PlainRuns.logits(model.decoder(), rows, ones), whole, EXACT);
      double[][][] alone = PlainRuns.logits(model.decoder(), new int[][] {rows[0]}, ones);
      assertClose(alone[0], whole[0], EXACT);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void aPrefillInPiecesEqualsOnePass(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    int[][] rows = {golden.ids(0), golden.ids(1)};
    try (Model model = load(golden, Precision.FLOAT64)) {
      double[][][] whole = PlainRuns.logits(model.decoder(), rows, rows[0].length);
      assertClose(PlainRuns.logits(model.decoder(), rows, 4, 2, rows[0].length - 6), whole, EXACT);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void paddedRowsEqualEachRowAlone(String name) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    int[] whole = golden.ids(0);
    int[][] rows = {Arrays.copyOf(whole, 3), whole, Arrays.copyOf(golden.ids(1), 7), {5}};
    try (Model model = load(golden, Precision.FLOAT64)) {
      double[][][] once = PlainRuns.logits(model.decoder(), rows, whole.length);
      double[][][] cached = PlainRuns.logits(model.decoder(), rows, whole.length - 3, 1, 2);
      for (int row = 0; row < rows.length; row++) {
        double[][] alone = PlainRuns.logits(model.decoder(), rows[row]);
        assertClose(once[row], alone, EXACT);
        assertClose(cached[row], alone, EXACT);
      }
    }
  }

  private static Model load(GoldenModel golden, Precision precision) throws IOException {
    return Model.load(golden.folder(), Placement.cpu(precision));
  }

  private static void assertLogits(String name, Precision precision, double tolerance)
      throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    try (Model model = load(golden, precision)) {
      for (int row = 0; row < golden.sequences(); row++) {
        double[][] logits = PlainRuns.logits(model.decoder(), golden.ids(row));
        assertClose(flat(logits), golden.golden("logits").slice(row), tolerance);
      }
    }
  }

  private static void assertClose(double[][][] actual, double[][][] expected, double tolerance) {
    assertClose(
        flat(Arrays.stream(actual).flatMap(Arrays::stream).toArray(double[][]::new)),
        flat(Arrays.stream(expected).flatMap(Arrays::stream).toArray(double[][]::new)),
        tolerance);
  }

  private static void assertClose(double[][] actual, double[][] expected, double tolerance) {
    assertClose(flat(actual), flat(expected), tolerance);
  }

  private static void assertClose(double[] actual, double[] expected, double tolerance) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(actual).containsExactly(expected, Offset.offset(tolerance * largest));
  }

  private static double rootMeanSquare(double[] values) {
    return Math.sqrt(Arrays.stream(values).map(v -> v * v).average().orElseThrow());
  }

  private static double[] flat(double[][] rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }
}
