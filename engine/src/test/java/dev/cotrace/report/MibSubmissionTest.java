package dev.cotrace.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Selection;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MibSubmissionTest {
  private static final MibCell CELL = new MibCell("ioi_interpbench");

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void importancesAreTheScoresHighWhereAnEdgeHelps(long seed) throws IOException {
    ExportedCircuit exported = RandomCircuits.of(seed, 0);
    MibSubmission.Type type = seed % 2 == 0 ? MibSubmission.Type.JSON : MibSubmission.Type.PT;
    new MibSubmission(MibSubmission.Content.IMPORTANCES, type, Ranking.ABSOLUTE)
        .write(folder, CELL, exported);
    String name = type == MibSubmission.Type.JSON ? "importances.json" : "importances.pt";
    assertThat(folder).isDirectoryContaining(file -> file.endsWith(name));
    ScoredCircuit read = CircuitFile.read(folder.resolve(name));
    boolean raises = RandomCircuits.attribution(exported).clean().value() > 0;
    for (int cell : exported.graph().edgeCells()) {
      double score = RandomCircuits.attribution(exported).total().values()[cell];
      assertThat(read.scores()[cell]).isEqualTo(raises ? score : -score);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theNineCircuitsAreTheTopEdgesAndNoneIsLargerThanItsShare(long seed) throws IOException {
    ExportedCircuit exported = RandomCircuits.of(seed, 0);
    Attribution attribution = RandomCircuits.attribution(exported);
    Ranking ranking = seed % 2 == 0 ? Ranking.ABSOLUTE : Ranking.SIGNED;
    new MibSubmission(MibSubmission.Content.CIRCUITS, MibSubmission.Type.PT, ranking)
        .write(folder, CELL, exported);
    for (String percent : new String[] {"0.1", "0.2", "0.5", "1", "2", "5", "10", "20", "50"}) {
      ScoredCircuit read = CircuitFile.read(folder.resolve(percent + ".pt"));
      int all = exported.graph().edgeCount();
      int most = (int) Math.round(Math.floor(Double.parseDouble(percent) * all / 100 + 1e-9));
      assertThat(read.circuit().size()).isLessThanOrEqualTo(most);
      Circuit expected = new Selection.Top(most, ranking).of(attribution);
      assertThat(read.circuit().members()).isEqualTo(expected.members());
      for (int cell : exported.graph().edgeCells()) {
        assertThat(read.scores()[cell]).isEqualTo(read.circuit().contains(cell) ? 1 : 0);
      }
    }
    assertThat(folder.toFile().list()).hasSize(9);
  }

  @ParameterizedTest
  @ValueSource(longs = 1)
  void aFolderHoldsOneKindOnly(long seed) throws IOException {
    ExportedCircuit exported = RandomCircuits.of(seed, 0);
    new MibSubmission(MibSubmission.Content.CIRCUITS, MibSubmission.Type.JSON, Ranking.SIGNED)
        .write(folder, CELL, exported);
    new MibSubmission(MibSubmission.Content.IMPORTANCES, MibSubmission.Type.PT, Ranking.SIGNED)
        .write(folder, CELL, exported);
    assertThat(folder.toFile().list()).containsExactly("importances.pt");
  }

  @ParameterizedTest
  @CsvSource({
    "ioi_gpt2, 12, 12, ioi_llama3",
    "ioi_qwen2.5, 24, 14, ioi_gpt2",
    "arc_easy_gemma2, 26, 8, mcqa_qwen2.5",
    "arithmetic-addition_llama3, 32, 32, arc-easy_gemma2"
  })
  void aCellIsOfItsModel(String own, int layers, int heads, String other) {
    ComputationGraph graph = new ComputationGraph(layers, heads, false);
    new MibCell(own).requireModel(graph);
    assertThatThrownBy(() -> new MibCell(other).requireModel(graph))
        .hasMessageContaining("the cell %s is of a model of".formatted(other))
        .hasMessageContaining("of %d layers with %d heads".formatted(layers, heads));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ioi", "ioi_gpt", "../ioi_gpt2", "ioi-gpt2-x"})
  void whatIsNoCellIsRefused(String name) {
    assertThatThrownBy(() -> new MibCell(name))
        .hasMessageContaining(
            "the benchmark has no cell '%s': give one of ioi_gpt2".formatted(name));
  }
}
