package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Objective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Edges between features add up to features on one side, and to edges of nodes on the other. */
final class UnitEdgeLawsTest {
  @TempDir private Path folder;

  private static Attribution attribution(GatedModel model) {
    Workload work =
        new Workload(
            model,
            Tiny.task(2, Tiny.PAIRS),
            Objective.parse("answer-logprob + kl"),
            Tiny.by(Method.IG_GATES, Tiny.enumerate(Quadrature.LEFT, 3)));
    return new IntegratedGradient(work, RunListener.SILENT).attribute();
  }

  @ParameterizedTest
  @CsvSource({
    "llama, topk blocks.0.hook_mlp_out + standard blocks.1.hook_mlp_out, m0.f1 m0.f4 m1.f0 m1.error a0.h1",
    "gpt2, transcoder blocks.0.ln2.hook_normalized blocks.0.hook_mlp_out + topk blocks.1.hook_mlp_out, m0.f0 m0.f1 m0.f2 m1.f3 input",
    "gpt_neox, transcoder blocks.1.mlp.hook_in blocks.1.hook_mlp_out + topk blocks.0.hook_attn_out, m1.f0 m1.f5 a0.f2 a0.error",
    "gemma, standard blocks.0.hook_mlp_out + topk blocks.1.mlp.hook_out, m0.f1 m0.error m1.f2",
    "llama, transcoder blocks.1.hook_resid_mid blocks.1.hook_mlp_out, m1.f0 m1.f2 a0.h0",
    "gemma, topk blocks.1.attn.hook_z + standard blocks.1.hook_mlp_out, z1.f2 z1.error m1.f3 m0",
    "llama, node, m0 a0.h1",
    "gemma, neuron, m0.n3 m1.n0",
    "gpt2, residual-dim, m0.d3 a1.h0.d1"
  })
  void edgesAddUpToUnitsAndToEdgesOfNodes(String family, String what, String names)
      throws IOException {
    try (TinyModel model = TinyModel.of(family, 41, 2, 4);
        TinyUnits units = TinyUnits.of(model, what, folder)) {
      Pieces pieces = units.pieces();
      int[] chosen = Arrays.stream(names.split(" ", -1)).mapToInt(pieces::cell).toArray();
      Attribution between = attribution(units.model().between(chosen));
      UnitEdges edges = (UnitEdges) between.units();
      Attribution own = attribution(units.model());
      for (int row = 0; row < edges.sources(); row++) {
        int[] out = out(edges, row);
        double[] expected = expected(own, pieces, edges, row);
        assertThat(sum(between.direct(), out))
            .as(edges.sourceName(row))
            .isCloseTo(expected[0], offset(1e-12));
        assertThat(sum(between.throughCot(), out))
            .as(edges.sourceName(row))
            .isCloseTo(expected[1], offset(1e-12));
      }
      assertThat(between.gap().value()).isCloseTo(own.gap().value(), offset(1e-12));
      assertInputsAddUp(edges, between, attribution(GatedModel.of(model.decoder())));
    }
  }

  private static int[] out(UnitEdges edges, int row) {
    return IntStream.range(row * edges.targets(), (row + 1) * edges.targets()).toArray();
  }

  /** The direct and the through-CoT score of a unit, or of all that are not chosen of its part. */
  private static double[] expected(Attribution own, Pieces pieces, UnitEdges edges, int row) {
    String name = edges.sourceName(row);
    List<String> parts = pieces.parts().stream().map(Part::name).toList();
    int part = parts.indexOf(name.replaceFirst("\\.rest$", ""));
    if (part < 0 || (pieces.count(part) == 1 && !name.endsWith(".rest"))) {
      int cell = pieces.cell(name);
      return new double[] {own.direct().values()[cell], own.throughCot().values()[cell]};
    }
    List<Long> chosen = Arrays.stream(edges.chosenOf(part)).boxed().toList();
    int[] rest =
        pieces
            .cells(part)
            .filter(cell -> !chosen.contains((long) cell - pieces.first(part)))
            .toArray();
    return new double[] {sum(own.direct(), rest), sum(own.throughCot(), rest)};
  }

  /** Into the heads of a layer, an MLP with all its features, and the logits. */
  private static void assertInputsAddUp(UnitEdges edges, Attribution between, Attribution byEdge) {
    ComputationGraph graph = byEdge.graph();
    for (int column = 0; column < graph.targets(); column++) {
      String node = graph.targetNode(column).toString().replaceFirst("\\..*", "");
      int[] into =
          IntStream.range(0, edges.cells())
              .filter(cell ->
                  edges.targetName(cell % edges.targets()).replaceFirst("\\..*", "").equals(node))
              .toArray();
      int[] all =
          IntStream.range(0, graph.targets())
              .filter(other ->
                  graph.targetNode(other).toString().replaceFirst("\\..*", "").equals(node))
              .flatMap(graph::edgesInto)
              .toArray();
      assertThat(sum(between.total(), into))
          .as(node)
          .isCloseTo(sum(byEdge.total(), all), offset(1e-12));
    }
  }

  private static double sum(Scores scores, int... cells) {
    return Arrays.stream(cells).mapToDouble(cell -> scores.values()[cell]).sum();
  }

  /**
   * Where features are the coordinates of what they cut, up and down, nothing is left over, and
   * nothing reaches what they leave over.
   */
  @ParameterizedTest
  @CsvSource({"llama", "gpt2", "gpt_neox", "gemma"})
  void nothingReachesTheRestOfAPerfectDictionary(String family) throws IOException {
    try (TinyModel model = TinyModel.of(family, 43, 2, 4);
        TinyUnits units = TinyUnits.of(model, "coordinates blocks.1.hook_mlp_out", folder)) {
      Pieces pieces = units.pieces();
      int part = IntStream.range(0, pieces.parts().size()).filter(i -> pieces.count(i) > 1).sum();
      int[] features = pieces.cells(part).filter(cell -> !pieces.isError(cell)).toArray();
      Attribution between = attribution(units.model().between(features));
      UnitEdges edges = (UnitEdges) between.units();
      double all = 0;
      for (int cell : edges.unitCells()) {
        double score = between.total().values()[cell];
        if (edges.targetName(cell % edges.targets()).startsWith("m1.f")) {
          all += Math.abs(score);
        }
        if (edges.name(cell).contains("m1.rest")) {
          assertThat(score).as(edges.name(cell)).isCloseTo(0, offset(1e-13));
        }
      }
      assertThat(all).isGreaterThan(1e-3);
    }
  }

  @Test
  void theStreamItselfHasNoEdges() throws IOException {
    try (TinyModel model = TinyModel.of("llama", 5, 1, 4);
        TinyUnits units = TinyUnits.of(model, "topk blocks.0.hook_resid_post", folder)) {
      assertThatThrownBy(() -> units.model().between(0))
          .hasMessageContaining("edges between units are of what nodes write, and r0post is");
    }
  }
}
