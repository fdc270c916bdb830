package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Scores;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Objective;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What gates on nodes and on pieces of them have to do with gates on edges. */
final class LevelLawsTest {
  private static Attribution at(Level level, TinyModel model, String objective, Method method) {
    return attribution(
        level, model, objective, Tiny.by(method, Tiny.enumerate(Quadrature.LEFT, 3)));
  }

  private static Attribution attribution(
      Level level, TinyModel model, String objective, Settings settings) {
    GatedModel gated = GatedModel.of(model.decoder()).at(level);
    Workload work =
        new Workload(gated, Tiny.task(2, Tiny.PAIRS), Objective.parse(objective), settings);
    return new IntegratedGradient(work, RunListener.SILENT).attribute();
  }

  /**
   * A gate on a node is a gate on all edges that leave it; what its pieces write adds up to what it
   * writes.
   */
  @ParameterizedTest
  @CsvSource({
    "llama, answer-logprob + kl, IG_GATES",
    "gpt2, kl, IG_GATES",
    "gpt_neox, answer-prob, IG_GATES",
    "gemma, answer-logprob + kl-reverse, IG_GATES",
    "gemma, exact-match, IG_GATES",
    "llama, answer-logprob, EAP",
    "gpt2, answer-logprob + kl, EAP_IG_INPUTS",
    "gpt_neox, kl, EAP_IG_ACTIVATIONS",
    "gemma, kl, CLEAN_CORRUPTED"
  })
  void piecesAddUpToNodesAndNodesToEdges(String family, String objective, Method method) {
    try (TinyModel model = TinyModel.of(family, 31, 2, 4)) {
      Attribution edges = at(Level.EDGE, model, objective, method);
      ComputationGraph graph = edges.graph();
      for (Level level : new Level[] {Level.NODE, Level.RESIDUAL_DIM, Level.NEURON}) {
        Attribution own = at(level, model, objective, method);
        Pieces pieces = (Pieces) own.units();
        assertThat(own.ends().clean()).isEqualTo(edges.ends().clean());
        for (int source = 0; source < graph.sources(); source++) {
          int[] some =
              IntStream.range(pieces.first(source), pieces.first(source) + pieces.count(source))
                  .toArray();
          int[] all = graph.edgesFrom(source).toArray();
          String name = level + " " + graph.sourceNode(source);
          assertThat(sum(own.direct(), some))
              .as(name)
              .isCloseTo(sum(edges.direct(), all), offset(1e-12));
          assertThat(sum(own.throughCot(), some))
              .as(name)
              .isCloseTo(sum(edges.throughCot(), all), offset(1e-12));
        }
        assertThat(own.gap().value()).isCloseTo(edges.gap().value(), offset(1e-12));
      }
    }
  }

  private static double sum(Scores scores, int... cells) {
    return Arrays.stream(cells).mapToDouble(cell -> scores.values()[cell]).sum();
  }

  @Test
  void sampledScoresOfNodesAreThoseOfTheirEdgesWithErrorsOfTheirOwn() {
    try (TinyModel model = TinyModel.of("gemma", 7, 2, 4)) {
      Settings settings = Tiny.sampled(4, 2, 16, 5);
      Attribution edges = attribution(Level.EDGE, model, "answer-logprob + kl", settings);
      Attribution nodes = attribution(Level.NODE, model, "answer-logprob + kl", settings);
      ComputationGraph graph = edges.graph();
      for (int source = 0; source < graph.sources(); source++) {
        var expected = edges.sum(graph.edgesFrom(source).toArray());
        assertThat(nodes.total().at(source).value()).isCloseTo(expected.value(), offset(1e-12));
        assertThat(nodes.total().at(source).standardError())
            .isCloseTo(expected.standardError(), offset(1e-12));
      }
      assertThat(nodes.significance().q()).hasSize(graph.sources());
    }
  }

  @Test
  void neuronsNeedACorruptedRunAndGradients() {
    try (TinyModel model = TinyModel.of("llama", 7, 1, 4)) {
      Settings exact = Tiny.by(Method.EXACT, Tiny.enumerate(Quadrature.LEFT, 2));
      assertThatThrownBy(() -> attribution(Level.NEURON, model, "kl", exact))
          .hasMessageContaining("--level neuron takes gradients, and --method exact takes none");
    }
  }
}
