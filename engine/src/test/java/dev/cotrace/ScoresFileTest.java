package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Stability;
import dev.cotrace.format.Damage;
import dev.cotrace.format.JsonMutations;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Mutations;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScoresFileTest {
  private static final ComputationGraph GRAPH = new ComputationGraph(2, 2, false);

  private static final Estimate ZERO = Estimate.exact(0);
  private static final Ends ENDS = Ends.unpaired(ZERO, ZERO);
  private static final Stability NO_STABILITY = new Stability(5, 0.75, new double[GRAPH.cells()]);

  @TempDir Path folder;

  @Test
  void scoresAreReadAsTheyWereWritten() throws IOException {
    Attribution written =
        new Attribution(
            GRAPH,
            scores(0.5),
            scores(-1.25),
            scores(3),
            new Ends(
                new Estimate(0.75, 0.125),
                new Estimate(-1e-300, Double.NaN),
                new Estimate(0.75, 0.0625)),
            new Estimate(0.1, 0.2),
            8,
            15,
            123_456_789_012L);
    Path file = folder.resolve("scores.safetensors");
    ScoresFile.write(file, written, written.stability(5, Ranking.ABSOLUTE, 1), "none");
    assertThat(ScoresFile.read(file))
        .usingRecursiveComparison()
        .withEqualsForType(Double::equals, Double.class) // NaN equals itself.
        .isEqualTo(written);
  }

  @Test
  void theMethodIsReadAsItWasWrittenAndOlderScoresAreByGates() throws IOException {
    Estimate unknown = new Estimate(Double.NaN, Double.NaN);
    Attribution written =
        new Attribution(
            GRAPH,
            Method.EAP_IG_INPUTS,
            scores(1),
            scores(1),
            scores(1),
            ENDS,
            unknown,
            8,
            5,
            1,
            ClusterSums.NONE,
            List.of());
    Path file = folder.resolve("scores.safetensors");
    ScoresFile.write(file, written, NO_STABILITY, "none");
    assertThat(ScoresFile.read(file).method()).isEqualTo(Method.EAP_IG_INPUTS);
    assertThat(ScoresFile.read(file).gap()).isEqualTo(unknown);

    Path other = folder.resolve("other.safetensors");
    try (Safetensors stored = Safetensors.open(file)) {
      List<StoredTensor> tensors = List.copyOf(stored.tensors().values());
      Map<String, String> metadata = new HashMap<>(stored.metadata());
      metadata.put("method", "guess");
      Safetensors.write(other, metadata, tensors);
      assertThatThrownBy(() -> ScoresFile.read(other))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining(
              "expected the method to be one of ig-gates, eap-ig-inputs, eap-ig-activations, clean-corrupted, eap, exact, random, got 'guess'");
      metadata.remove("method");
      Safetensors.write(other, metadata, tensors);
    }
    assertThat(ScoresFile.read(other).method()).isEqualTo(Method.IG_GATES);
  }

  @Test
  void scoresByBinAreReadAsTheyWereWritten() throws IOException {
    Attribution written =
        new Attribution(
            GRAPH,
            Method.IG_GATES,
            scores(1),
            scores(1),
            scores(1),
            ENDS,
            ZERO,
            8,
            15,
            1,
            ClusterSums.NONE,
            List.of(
                new BinScores("prompt", scores(1), scores(2), scores(3)),
                new BinScores("step \"0\"", unknown(4), scores(5), scores(6))));
    Path file = folder.resolve("scores.safetensors");
    ScoresFile.write(file, written, NO_STABILITY, "step");
    assertThat(ScoresFile.read(file).byBin())
        .usingRecursiveComparison()
        .withEqualsForType(Double::equals, Double.class) // NaN equals itself.
        .isEqualTo(written.byBin());
    try (Safetensors stored = Safetensors.open(file)) {
      assertThat(stored.tensor("by_bin_direct_stderr").shape()).containsExactly(2, 7, 15);
      assertThat(stored.metadata())
          .containsEntry("binning", "step")
          .containsEntry("bins", "[\"prompt\",\"step \\\"0\\\"\"]")
          .containsEntry("by_bin_sum", "[1.0,4.0]")
          .containsEntry("by_bin_sum_stderr", "[0.5,null]");
    }
  }

  private static Scores unknown(double first) {
    Scores known = scores(first);
    return new Scores(known.values(), known.standardErrors(), new Estimate(first, Double.NaN));
  }

  @Test
  void rowsAndColumnsAreNamedInEapIgsOrder() throws IOException {
    Path file = folder.resolve("scores.safetensors");
    ScoresFile.write(
        file,
        new Attribution(GRAPH, scores(1), scores(1), scores(1), ENDS, ZERO, 8, 1, 1),
        NO_STABILITY,
        "none");
    try (Safetensors stored = Safetensors.open(file)) {
      assertThat(stored.tensor("scores").shape()).containsExactly(7, 15);
      assertThat(stored.tensor("q_value").shape()).containsExactly(7, 15);
      assertThat(stored.tensor("inclusion").shape()).containsExactly(7, 15);
      assertThat(stored.metadata()).containsEntry("jaccard", "0.75").containsEntry("top_n", "5");
      assertThat(stored.metadata().get("sources"))
          .isEqualTo("[\"input\",\"a0.h0\",\"a0.h1\",\"m0\",\"a1.h0\",\"a1.h1\",\"m1\"]");
      assertThat(stored.metadata().get("targets"))
          .startsWith("[\"a0.h0<q>\",\"a0.h1<q>\",\"a0.h0<k>\"")
          .endsWith("\"m1\",\"logits\"]");
    }
  }

  @Test
  void anotherSafetensorsFileIsRefused() throws IOException {
    Path file = folder.resolve("other.safetensors");
    Safetensors.write(file, Map.of(), List.of(StoredTensor.of("scores", new float[] {1}, 1)));
    assertThatThrownBy(() -> ScoresFile.read(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("is this a scores file?");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void damagedScoresAreRefusedOrRead(long seed) throws IOException {
    Path file = folder.resolve("scores.safetensors");
    Attribution written =
        new Attribution(GRAPH, scores(1), scores(1), scores(1), ENDS, ZERO, 8, 1, 1);
    ScoresFile.write(file, written, NO_STABILITY, "none");
    byte[] original = Files.readAllBytes(file);
    int length = (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong();
    String header = new String(original, 8, length, StandardCharsets.UTF_8);
    Damage.survive(
        seed,
        5000,
        "scores.safetensors",
        random -> {
          byte[] text = JsonMutations.damage(header, random).getBytes(StandardCharsets.UTF_8);
          ByteBuffer lied = ByteBuffer.allocate(original.length - length + text.length);
          lied.order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text);
          lied.put(original, 8 + length, original.length - 8 - length);
          Files.write(
              file, random.nextBoolean() ? Mutations.damage(original, random) : lied.array());
          ScoresFile.read(file);
        });
  }

  /** Values that float32 holds exactly. */
  private static Scores scores(double first) {
    double[] values = new double[GRAPH.cells()];
    double[] errors = new double[GRAPH.cells()];
    Arrays.setAll(values, cell -> first + cell);
    Arrays.setAll(errors, cell -> cell == 0 ? Double.NaN : cell / 8.0);
    return new Scores(values, errors, new Estimate(first, 0.5));
  }
}
