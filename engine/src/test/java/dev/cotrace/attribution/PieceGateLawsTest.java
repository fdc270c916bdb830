package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.MeanOutputs;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * METHOD §9.3 for gates on pieces of nodes: runs with a gate for each piece against runs with a
 * gate for each edge, and gradients against finite differences of such runs.
 */
final class PieceGateLawsTest {
  private static final PromptPair PAIR = Tiny.PAIRS.getFirst();
  private static final Task TASK = Tiny.task(2, List.of(PAIR));
  private static final Objective OBJECTIVE = Objective.parse("answer-logprob + 0.5*kl");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "llama, node",
    "gpt2, residual-dim",
    "gpt_neox, neuron",
    "gemma, neuron",
    "gemma, residual-dim",
    "llama, topk blocks.1.hook_mlp_out + standard blocks.0.hook_attn_out",
    "gpt2, standard-layer-norm blocks.0.hook_mlp_out + topk blocks.1.attn.hook_z",
    "gpt_neox, transcoder blocks.0.ln2.hook_normalized blocks.0.hook_mlp_out",
    "gemma, transcoder blocks.1.mlp.hook_in blocks.1.mlp.hook_out + topk blocks.0.hook_attn_out",
    "gemma, standard blocks.0.mlp.hook_out + topk blocks.1.hook_mlp_out",
    "gemma, topk blocks.0.attn.hook_z + standard-layer-norm blocks.1.attn.hook_z",
    "llama, transcoder blocks.0.hook_resid_mid blocks.0.hook_mlp_out",
    "gpt_neox, transcoder blocks.1.hook_resid_pre blocks.1.hook_mlp_out",
    "llama, topk blocks.1.hook_resid_pre",
    "gpt2, standard-layer-norm blocks.0.hook_resid_mid + topk blocks.1.hook_resid_post",
    "gpt_neox, standard blocks.0.hook_resid_post",
    "gemma, topk blocks.0.hook_resid_pre + standard blocks.1.hook_resid_mid"
  })
  void everyPiecesGradientIsItsCentralDifference(String family, String what) throws IOException {
    try (TinyModel model = TinyModel.of(family, 11, 2, 4);
        TinyUnits own = TinyUnits.of(model, what, folder)) {
      assertGradientIsCentralDifference(own, new Corruption.Same(), 1e-12);
    }
  }

  /** Hidden units and features are compared with zeros, or with means of their own. */
  @ParameterizedTest
  @CsvSource({
    "gpt2, neuron, zero",
    "llama, node, zero",
    "gemma, topk blocks.0.hook_mlp_out + standard blocks.1.hook_attn_out, zero",
    "gpt2, topk blocks.0.hook_resid_post, zero",
    "gemma, standard blocks.1.attn.hook_z + topk blocks.0.mlp.hook_out, zero",
    "gpt_neox, neuron, mean",
    "gemma, neuron, mean",
    "llama, transcoder blocks.1.mlp.hook_in blocks.1.hook_mlp_out + topk blocks.0.attn.hook_z, mean",
    "gemma, standard-layer-norm blocks.0.hook_mlp_out, mean",
    "gemma, topk blocks.0.attn.hook_z + standard blocks.1.hook_mlp_out, mean",
    "gpt2, topk blocks.0.hook_resid_pre + standard blocks.1.hook_resid_mid, mean"
  })
  void soIsItWithoutACorruptedRun(String family, String what, String kind) throws IOException {
    try (TinyModel model = TinyModel.of(family, 12, 2, 4);
        TinyUnits own = TinyUnits.of(model, what, folder);
        MeanOutputs outputs = new MeanOutputs(own.model(), 3)) {
      outputs.add(List.of(new int[] {1, 2, 0}, new int[] {3, 0}));
      Corruption corruption =
          kind.equals("zero")
              ? own.model().zero()
              : new Corruption.Constant(outputs.means().withoutPositions());
      // Constants are kept in float32: a bias, or what means of hidden units add up to.
      assertGradientIsCentralDifference(own, corruption, 1e-7);
    }
  }

  /**
   * Checks one model.
   *
   * @param rounding of constants, where hidden units' add up to their node's
   */
  private static void assertGradientIsCentralDifference(
      TinyUnits own, Corruption corruption, double rounding) {
    double alpha = 0.6;
    double step = 1e-5;
    TranscriptScorer scorer = scorer(own.model(), corruption);
    var group = new TranscriptScorer.Group(alpha, transcripts(), Baseline.EXACT);
    var gradient = scorer.gradients(List.of(group)).getFirst();
    double[] z = new double[own.pieces().cells()];
    Arrays.fill(z, alpha);
    double[] each = new double[transcripts().size()];
    Arrays.fill(each, alpha);
    assertThat(value(scorer, new Gates.PerPiece(own.pieces(), z)))
        .isCloseTo(value(scorer, new Gates.Uniform(each)), offset(rounding));
    double sum = 0;
    for (int cell = 0; cell < z.length; cell++) {
      z[cell] = alpha + step;
      double above = value(scorer, new Gates.PerPiece(own.pieces(), z));
      z[cell] = alpha - step;
      double below = value(scorer, new Gates.PerPiece(own.pieces(), z));
      z[cell] = alpha;
      double score = gradient.direct()[cell] + gradient.throughCot()[cell];
      sum += Math.abs(score);
      // Central differences of step 1e-5 err by about 1e-8 of the score, which is of order 1.
      assertThat(score)
          .as(own.pieces().name(cell))
          .isCloseTo((above - below) / (2 * step), offset(1e-7 * Math.max(1, Math.abs(score))));
    }
    assertThat(sum).isGreaterThan(1e-3);
  }

  /** So it is whatever corrupted run they are compared with. */
  @ParameterizedTest
  @CsvSource({
    "map, gpt2, neuron",
    "resample, llama, neuron",
    "noise, gemma, neuron",
    "same aligned, gpt_neox, neuron",
    "map, gemma, topk blocks.0.hook_mlp_out + standard blocks.0.hook_attn_out",
    "resample, gpt_neox, transcoder blocks.0.mlp.hook_in blocks.0.hook_mlp_out",
    "noise, llama, topk blocks.0.hook_resid_mid",
    "same aligned, gemma, topk blocks.0.attn.hook_z",
    "map aligned, gpt2, topk blocks.0.hook_resid_post",
    "resample aligned, llama, standard blocks.0.hook_mlp_out",
    "mean-positional, gpt2, residual-dim"
  })
  void soIsItUnderEveryCorruption(String kind, String family, String what) throws IOException {
    double alpha = 0.6;
    double step = 1e-5;
    try (TinyModel model = TinyModel.of(family, 64, 1, 4);
        TinyUnits units = TinyUnits.of(model, what, folder)) {
      TinyListing listing =
          new TinyListing(
              units.model(), TinyCorruption.of(model, kind), new NaiveGatedModel(model));
      TranscriptScorer.GroupGradient gradient = listing.gradient(alpha);
      double[] z = new double[units.pieces().cells()];
      Arrays.fill(z, alpha);
      for (int cell = 0; cell < z.length; cell++) {
        z[cell] = alpha + step;
        double above = listing.value(new Gates.PerPiece(units.pieces(), z));
        z[cell] = alpha - step;
        double below = listing.value(new Gates.PerPiece(units.pieces(), z));
        z[cell] = alpha;
        double score = gradient.direct()[cell] + gradient.throughCot()[cell];
        // As above.
        assertThat(score)
            .as(units.pieces().name(cell))
            .isCloseTo((above - below) / (2 * step), offset(1e-7 * Math.max(1, Math.abs(score))));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, 1", "gpt2, 2", "gpt_neox, 3", "gemma, 4"})
  void aGateOnANodeIsOneOnAllEdgesThatLeaveIt(String family, long seed) throws IOException {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4);
        TinyUnits nodes = TinyUnits.of(model, "node", folder);
        TinyUnits coordinates = TinyUnits.of(model, "residual-dim", folder)) {
      ComputationGraph graph = nodes.model().graph();
      double[] z = new SplittableRandom(seed).doubles(graph.sources()).toArray();
      double[] byEdge = new double[graph.cells()];
      for (int cell : graph.edgeCells()) {
        byEdge[cell] = z[graph.sourceOf(cell)];
      }
      double expected = value(GatedModel.of(model.decoder()), new Gates.PerEdge(graph, byEdge));
      assertThat(value(nodes.model(), new Gates.PerPiece(nodes.pieces(), z)))
          .isCloseTo(expected, offset(1e-12));
      double[] byCoordinate = new double[coordinates.pieces().cells()];
      Arrays.setAll(byCoordinate, cell -> z[coordinates.pieces().part(cell)]);
      assertThat(value(coordinates.model(), new Gates.PerPiece(coordinates.pieces(), byCoordinate)))
          .isCloseTo(expected, offset(1e-12));
    }
  }

  private static double value(GatedModel model, Gates gates) {
    return value(scorer(model, new Corruption.Same()), gates);
  }

  private static double value(TranscriptScorer scorer, Gates gates) {
    List<Measurement> measurements = scorer.measure(gates, transcripts());
    return measurements.stream()
        .mapToDouble(m -> Math.exp(m.rolloutLogProbability()) * OBJECTIVE.value(m))
        .sum();
  }

  private static TranscriptScorer scorer(GatedModel model, Corruption corruption) {
    return new TranscriptScorer(model, OBJECTIVE, 1, Outcomes.NONE, corruption);
  }

  private static List<Transcript> transcripts() {
    return Enumeration.of(TASK.sampling(), 4).stream()
        .map(rollout -> new Transcript(PAIR, rollout, TASK.sampling().answerPrefix()))
        .toList();
  }
}
