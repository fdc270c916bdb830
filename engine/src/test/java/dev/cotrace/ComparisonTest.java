package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import dev.cotrace.report.CircuitJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a tiny random model in float64. */
class ComparisonTest {
  private static final Path MODEL =
      Path.of(
          System.getProperty("cotrace.root", ".."), "goldens", "transformers", "llama-gqa-tied");

  @TempDir Path folder;

  @Test
  void theSameModelNeverParts() throws IOException {
    Comparison same = compare(List.of("0.5", "0.5"), List.of(), 6, Map.of());
    assertThat(same.neverParted()).isEqualTo(1);
    assertThat(same.partingSteps()).isEmpty();
    assertThat(same.difference()).isEqualTo(Estimate.exact(0));
    assertThat(same.varianceRatio()).isInfinite();
  }

  @Test
  void theCircuitOfAllEdgesNeverPartsFromTheFullModel() throws IOException {
    Path file = folder.resolve("all.json");
    CircuitJson.write(file, Circuit.full(graph()), "all", noScores(graph()), 1);
    Comparison full = compare(List.of("full", file.toString()), List.of(), 6, Map.of());
    assertThat(full.neverParted()).isEqualTo(1);
    assertThat(full.difference().value()).isCloseTo(0, offset(1e-12));
    assertThat(full.first().value()).isNotZero();
  }

  @Test
  void leavingOutAnEdgeIsTheCircuitWithoutIt() throws IOException {
    ComputationGraph graph = graph();
    int cell = graph.edgeCells()[graph.edgeCount() - 1];
    boolean[] edges = Circuit.full(graph).members().clone();
    edges[cell] = false;
    Path file = folder.resolve("most.json");
    CircuitJson.write(file, new Circuit(graph, edges), "some", noScores(graph), 1);
    Comparison without =
        compare(List.of("full"), List.of(graph.edge(cell).toString()), 6, Map.of());
    Comparison circuit = compare(List.of("full", file.toString()), List.of(), 6, Map.of());
    assertThat(without.twins()).isEqualTo(circuit.twins());
    assertThat(without.difference().value()).isNotZero();
    assertThat(without.secondName()).startsWith("full without ").contains("->logits");
  }

  @Test
  void batchesChangeNothing() throws IOException {
    Comparison together = compare(List.of("full", "corrupted"), List.of(), 5, Map.of());
    Comparison alone = compare(List.of("full", "corrupted"), List.of(), 5, Map.of("batch-rows", 1));
    assertThat(together.twins()).hasSize(2 * 5);
    assertThat(alone.partingSteps()).isEqualTo(together.partingSteps());
    for (int i = 0; i < together.twins().size(); i++) {
      assertThat(alone.twins().get(i))
          .usingRecursiveComparison()
          .withComparatorForType((a, b) -> Math.abs(a - b) < 1e-10 ? 0 : 1, Double.class)
          .isEqualTo(together.twins().get(i));
    }
  }

  @Test
  void twinsPartWhereTheirTokensFirstDiffer() throws IOException {
    Comparison parted = compare(List.of("full", "corrupted"), List.of(), 20, Map.of());
    assertThat(parted.twins()).anyMatch(twin -> twin.partsAt() > 0);
    for (TwinRollout twin : parted.twins()) {
      assertThat(twin.common().isEmpty()).isEqualTo(twin.partsAt() == 0);
      if (twin.neverParts()) {
        assertThat(twin.first()).isEqualTo(twin.second());
      } else {
        // A model over bare ids shows ids: the first of them differ.
        assertThat(firstWord(twin.first())).isNotEqualTo(firstWord(twin.second()));
      }
    }
    int sum = parted.partingSteps().values().stream().mapToInt(Integer::intValue).sum();
    assertThat(sum / 40.0 + parted.neverParted()).isCloseTo(1, offset(1e-12));
  }

  @Test
  void theDifferenceIsPairedAndClusteredByPrompt() {
    List<TwinRollout> twins =
        List.of(twin(1, 2), twin(3, 5), /* the next prompt */ twin(0, 4), twin(2, 4));
    Comparison of = Comparison.of("a", "b", twins, 2);
    // Differences 1, 2 and 4, 2: prompt means 1.5 and 3.
    assertThat(of.difference().value()).isEqualTo(2.25);
    assertThat(of.difference().standardError()).isCloseTo(0.75, offset(1e-12));
    // Within prompts: first 2 + 2, second 4.5 + 0, differences 0.5 + 2.
    assertThat(of.varianceRatio()).isCloseTo(8.5 / 2.5, offset(1e-12));
    Comparison one = Comparison.of("a", "b", twins.subList(0, 2), 2);
    assertThat(one.difference().standardError()).isCloseTo(0.5, offset(1e-12));
    assertThat(Comparison.of("a", "b", twins, 1).varianceRatio()).isNaN();
  }

  @Test
  void whatCannotBeComparedIsRefused() {
    assertThatThrownBy(() -> compare(List.of("full"), List.of(), 1, Map.of()))
        .hasMessageContaining("expected two to compare");
    assertThatThrownBy(() -> compare(List.of("full", "nowhere"), List.of(), 1, Map.of()))
        .hasMessageContaining("there is no nowhere");
    assertThatThrownBy(() -> compare(List.of("full", "1.5"), List.of(), 1, Map.of()))
        .hasMessageContaining("a gate must lie in [0, 1]");
    assertThatThrownBy(() -> compare(List.of("full"), List.of("m0->a0.h0<q>"), 1, Map.of()))
        .hasMessageContaining("the model has no edge 'm0->a0.h0<q>'")
        .hasMessageContaining("input->a0.h0<q>");
  }

  private static String firstWord(String text) {
    return text.strip().replaceFirst(" .*", "");
  }

  private static TwinRollout twin(double first, double second) {
    return new TwinRollout("p", "", 0, -1, "", "", "", first, second);
  }

  private ComputationGraph graph() throws IOException {
    try (Experiment experiment = Experiment.open(spec(Map.of()), DiscoveryListener.SILENT)) {
      return experiment.gated().graph();
    }
  }

  private static Attribution noScores(ComputationGraph graph) {
    Estimate zero = Estimate.exact(0);
    Scores none = new Scores(new double[graph.cells()], new double[graph.cells()], zero);
    return new Attribution(graph, none, none, none, Ends.unpaired(zero, zero), zero, 1, 1, 0);
  }

  private Comparison compare(
      List<String> sides, List<String> without, int each, Map<String, Object> more)
      throws IOException {
    return Comparison.run(spec(more), sides, without, each, DiscoveryListener.SILENT, _ -> {});
  }

  private DiscoverySpec spec(Map<String, Object> more) throws IOException {
    Path task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    Map<String, Object> flags = new HashMap<>(more);
    flags.put("model", MODEL.toString());
    flags.put("task", task.toString());
    flags.put("max-new-tokens", 6);
    flags.put("dtype", "float64");
    return SpecYaml.read(null, flags);
  }
}
