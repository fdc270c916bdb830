package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Component;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Scores;
import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.MeanOutputs;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What gates on nodes and on pieces of them have to do with gates on edges. */
final class LevelLawsTest {
  private static final String FEATURES =
      "topk blocks.0.hook_mlp_out + standard-layer-norm blocks.1.hook_attn_out + transcoder blocks.1.mlp.hook_in blocks.1.hook_mlp_out";

  private static final String HEAD_VALUES =
      "topk blocks.0.attn.hook_z + standard blocks.1.attn.hook_z + standard blocks.0.mlp.hook_out";

  @TempDir private Path folder;

  private static Attribution attribution(GatedModel model, String objective, Settings settings) {
    return attribution(model, Tiny.task(2, Tiny.PAIRS), objective, settings);
  }

  private static Attribution attribution(
      GatedModel model, Task task, String objective, Settings settings) {
    Workload work = new Workload(model, task, Objective.parse(objective), settings);
    return new IntegratedGradient(work, RunListener.SILENT).attribute();
  }

  private static Task task(Corruption corruption) {
    Sampling sampling =
        new Sampling(
            1,
            2,
            Set.of(3),
            StopRule.NEVER,
            new int[] {1},
            new Scheme.BranchPoints.Entropy(0.5),
            corruption);
    return new Task(Tiny.PAIRS, sampling, Tiny.OUTCOMES);
  }

  static Settings exactly(Method method) {
    return Tiny.by(method, Tiny.enumerate(Quadrature.LEFT, 3));
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
  void piecesAddUpToNodesAndNodesToEdges(String family, String objective, Method method)
      throws IOException {
    try (TinyModel model = TinyModel.of(family, 31, 2, 4)) {
      Attribution edges = attribution(GatedModel.of(model.decoder()), objective, exactly(method));
      for (String what : List.of("node", "residual-dim", "neuron", "head", FEATURES, HEAD_VALUES)) {
        try (TinyUnits units = TinyUnits.of(model, what, folder)) {
          assertAddsUp(attribution(units.model(), objective, exactly(method)), edges);
        }
      }
    }
  }

  /** With zeros in the place of a corrupted run, too; a bias belongs to no hidden unit. */
  @ParameterizedTest
  @CsvSource({"llama", "gemma"})
  void piecesAddUpToNodesWithoutACorruptedRun(String family) throws IOException {
    try (TinyModel model = TinyModel.of(family, 32, 2, 4)) {
      GatedModel gated = GatedModel.of(model.decoder());
      Task task = task(gated.zero());
      Attribution edges = attribution(gated, task, "kl", exactly(Method.EAP));
      for (String what : List.of("node", "residual-dim", "neuron", FEATURES, HEAD_VALUES)) {
        try (TinyUnits units = TinyUnits.of(model, what, folder)) {
          assertAddsUp(attribution(units.model(), task, "kl", exactly(Method.EAP)), edges);
        }
      }
    }
  }

  /**
   * The stream is cut for all that follows at once, so nothing adds up to edges, but between the
   * same ends; and at one place whatever dictionary cuts, to the same.
   */
  @ParameterizedTest
  @CsvSource({
    "llama, blocks.1.hook_resid_pre",
    "gpt2, blocks.0.hook_resid_mid",
    "gpt_neox, blocks.1.hook_resid_post",
    "gemma, blocks.0.hook_resid_post"
  })
  void piecesOfTheStreamAddUpBetweenTheEndsOfEdges(String family, String hook) throws IOException {
    Settings settings = Tiny.enumerate(Quadrature.ADAPTIVE, 300);
    try (TinyModel model = TinyModel.of(family, 34, 2, 4);
        TinyUnits features = TinyUnits.of(model, "topk " + hook, folder);
        TinyUnits coordinates = TinyUnits.of(model, "coordinates " + hook, folder);
        TinyUnits twice =
            TinyUnits.of(model, "standard blocks.0.hook_resid_pre + topk " + hook, folder)) {
      String objective = "answer-logprob + kl";
      Task task = Tiny.task(1, Tiny.PAIRS.subList(0, 1));
      Attribution edges = attribution(GatedModel.of(model.decoder()), task, objective, settings);
      for (TinyUnits units : List.of(features, coordinates, twice)) {
        Attribution own = attribution(units.model(), task, objective, settings);
        assertThat(own.clean().value()).isCloseTo(edges.clean().value(), offset(1e-12));
        assertThat(own.corrupted().value()).isCloseTo(edges.corrupted().value(), offset(1e-12));
        double norm = Math.sqrt(Arrays.stream(own.total().values()).map(x -> x * x).sum());
        assertThat(own.gap().value()).isCloseTo(0, offset(1e-5 * norm));
      }
      Attribution one = attribution(features.model(), objective, exactly(Method.IG_GATES));
      Attribution other = attribution(coordinates.model(), objective, exactly(Method.IG_GATES));
      assertThat(sum(one.direct(), all(one)))
          .isCloseTo(sum(other.direct(), all(other)), offset(1e-12));
      assertThat(sum(one.throughCot(), all(one)))
          .isCloseTo(sum(other.throughCot(), all(other)), offset(1e-12));
    }
  }

  private static int[] all(Attribution attribution) {
    return IntStream.range(0, attribution.units().cells()).toArray();
  }

  private static void assertAddsUp(Attribution own, Attribution edges) {
    assertAddsUp(own, edges, 1e-12);
  }

  private static void assertAddsUp(Attribution own, Attribution edges, double rounding) {
    ComputationGraph graph = edges.graph();
    assertThat(own.ends().clean()).isEqualTo(edges.ends().clean());
    for (Component component : Component.of(own.units())) {
      int[] all = IntStream.of(component.sources()).flatMap(graph::edgesFrom).toArray();
      assertThat(sum(own.direct(), component.cells()))
          .as(component.name())
          .isCloseTo(sum(edges.direct(), all), offset(rounding));
      assertThat(sum(own.throughCot(), component.cells()))
          .as(component.name())
          .isCloseTo(sum(edges.throughCot(), all), offset(rounding));
    }
    assertThat(own.gap().value()).isCloseTo(edges.gap().value(), offset(rounding));
  }

  private static double sum(Scores scores, int... cells) {
    return Arrays.stream(cells).mapToDouble(cell -> scores.values()[cell]).sum();
  }

  @Test
  void sampledScoresOfNodesAreThoseOfTheirEdgesWithErrorsOfTheirOwn() {
    try (TinyModel model = TinyModel.of("gemma", 7, 2, 4)) {
      Settings settings = Tiny.sampled(4, 2, 16, 5);
      GatedModel gated = GatedModel.of(model.decoder());
      Attribution edges = attribution(gated, "answer-logprob + kl", settings);
      Attribution nodes = attribution(gated.at(Level.NODE), "answer-logprob + kl", settings);
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

  /** METHOD §5's exact effects: what it does to J to corrupt one unit, by enumeration. */
  @Test
  void theExactEffectOfANodeIsThatOfAllItsEdges() {
    try (TinyModel model = TinyModel.of("llama", 9, 1, 4)) {
      GatedModel gated = GatedModel.of(model.decoder());
      Workload work =
          new Workload(
              gated.at(Level.NODE),
              Tiny.task(2, Tiny.PAIRS),
              Objective.parse("answer-logprob"),
              exactly(Method.EXACT));
      Evaluation ends = new Evaluation(work, RunListener.SILENT, /* keeps= */ true);
      Attribution nodes = new ExactEffects(work, ends).attribute();
      Workload byEdge = new Workload(gated, work.task(), work.objective(), exactly(Method.EXACT));
      Evaluation edgeEnds = new Evaluation(byEdge, RunListener.SILENT, /* keeps= */ true);
      for (int source = 0; source < gated.graph().sources(); source++) {
        int[] own = gated.graph().edgesFrom(source).toArray();
        double without = edgeEnds.of(Circuit.full(gated.graph()).without(own)).circuit().value();
        assertThat(nodes.total().values()[source])
            .isCloseTo(ends.clean().value() - without, offset(1e-12));
      }
    }
  }

  /** Means of hidden units and features are kept in float32, as those of outputs are. */
  @ParameterizedTest
  @CsvSource({"gpt2", "gemma"})
  void piecesAddUpToNodesWithMeansInPlaceOfACorruptedRun(String family) throws IOException {
    try (TinyModel model = TinyModel.of(family, 33, 2, 4)) {
      for (String what : List.of("node", "neuron", FEATURES, HEAD_VALUES)) {
        try (TinyUnits units = TinyUnits.of(model, what, folder);
            MeanOutputs outputs = new MeanOutputs(units.model(), 4)) {
          outputs.add(List.of(new int[] {1, 2, 0, 3}, new int[] {2, 1}));
          SourceValues means = outputs.means().withoutPositions();
          Task task = task(new Corruption.Constant(means));
          Attribution own = attribution(units.model(), task, "kl", exactly(Method.EAP));
          SourceValues ofSources =
              new SourceValues(
                  means.sources(), means.width(), 0, means.overall(), means.positional());
          Attribution edges =
              attribution(
                  GatedModel.of(model.decoder()),
                  task(new Corruption.Constant(ofSources)),
                  "kl",
                  exactly(Method.EAP));
          assertAddsUp(own, edges, 1e-6);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"NEURON, false", "NEURON, true"})
  void hiddenUnitsNeedMeansOfTheirOwnOverAllPositions(Level level, boolean positional) {
    try (TinyModel model = TinyModel.of("llama", 7, 1, 4);
        MeanOutputs outputs = new MeanOutputs(GatedModel.of(model.decoder()), 2)) {
      outputs.add(List.of(new int[] {1, 2}));
      SourceValues means = positional ? outputs.means() : outputs.means().withoutPositions();
      assertThatThrownBy(() ->
              attribution(
                  GatedModel.of(model.decoder()).at(level),
                  task(new Corruption.Constant(means)),
                  "kl",
                  exactly(Method.EAP)))
          .hasMessageContaining("compares neurons with those of a corrupted run, with zero or");
    }
  }
}
