package dev.cotrace.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.FinalReads;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.SequencePairs;
import dev.cotrace.gate.Tape;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Feed.Side;
import dev.cotrace.rollout.Sampler.Request;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which rows there are while rollouts grow; that they draw the same is MeasuringLawsTest's. */
class FeedTest {
  private static final Corruption SAME = new Corruption.Same();
  private static final Corruption MAP = new Corruption.TokenMap(new int[] {2, 1, 0, 3});
  private static final Corruption NOISE = new Corruption.Noise(1, 1);
  private static final Corruption RESAMPLE = new Corruption.Resample();
  private static final Request PLAIN =
      new Request(
          new PromptPair("a", new int[] {1, 2}, new int[] {3, 2}, new int[0], new int[0]),
          0,
          1,
          new int[] {0, 1});
  private static final Request ALIGNED =
      new Request(
          new PromptPair(
              "b", new int[] {1, 2}, new int[] {3, 3, 2}, new int[0], new int[0], new int[] {0, 2}),
          0,
          1);

  private TinyModel tiny;
  private GatedModel model;

  @BeforeEach
  void open() {
    tiny = TinyModel.llama(1, 1, 4);
    model = GatedModel.of(tiny.decoder());
  }

  @AfterEach
  void close() {
    tiny.close();
  }

  private Feed feed(Corruption corruption, Gates gates, Request... requests) {
    return Feed.of(model, corruption, gates, List.of(requests), null);
  }

  private static Gates uniform(double... alpha) {
    return new Gates.Uniform(alpha);
  }

  private static void assertAlone(Feed feed, Side side) {
    assertThat(feed.live()).isEqualTo(side);
    assertThat(feed.corruption().runs()).isFalse();
    assertThat(feed.gates().areOpen()).isTrue();
  }

  private void assertGeneral(Corruption corruption, Gates gates, Request... requests) {
    assertThat(feed(corruption, gates, requests))
        .isEqualTo(new Feed(gates, corruption, Side.CLEAN));
  }

  @Test
  void openGatesNeedOnlyTheCleanRun() {
    for (Corruption corruption : List.of(SAME, MAP, NOISE, model.zero())) {
      assertAlone(feed(corruption, uniform(1), PLAIN), Side.CLEAN);
    }
    assertAlone(feed(SAME, uniform(1, 1), PLAIN, ALIGNED), Side.CLEAN);
    assertAlone(feed(SAME, Gates.Held.inputs(new double[] {1}), PLAIN), Side.CLEAN);
  }

  @Test
  void closedGatesNeedOnlyTheCorruptedRunOfEqualPrompts() {
    assertAlone(feed(SAME, uniform(0, 0), PLAIN, PLAIN), Side.CORRUPTED);
    assertAlone(feed(MAP, uniform(0), PLAIN), Side.CORRUPTED);
    assertAlone(feed(SAME, Gates.Held.inputs(new double[] {0}), PLAIN), Side.CORRUPTED);
    assertGeneral(SAME, uniform(0, 0), PLAIN, ALIGNED);
    assertGeneral(NOISE, uniform(0), PLAIN);
  }

  @Test
  void partnersThatAreDrawnNeedBothRuns() {
    assertGeneral(RESAMPLE, uniform(0), PLAIN);
    assertGeneral(RESAMPLE, uniform(1), PLAIN);
  }

  @Test
  void otherGatesNeedBothRuns() {
    assertGeneral(SAME, uniform(0.5), PLAIN);
    assertGeneral(SAME, uniform(0, 1), PLAIN, PLAIN);
    assertGeneral(SAME, Gates.Held.inputs(new double[] {1, 0.5}), PLAIN, PLAIN);
  }

  @Test
  void masksCountByTheirEdges() {
    ComputationGraph graph = model.graph();
    double[] z = new double[graph.cells()];
    assertAlone(feed(SAME, new Gates.PerEdge(graph, z), PLAIN), Side.CORRUPTED);
    Arrays.stream(graph.edgeCells()).forEach(cell -> z[cell] = 1);
    assertAlone(feed(SAME, new Gates.PerEdge(graph, z), PLAIN), Side.CLEAN);
    z[graph.edgeCells()[0]] = 0;
    assertGeneral(SAME, new Gates.PerEdge(graph, z), PLAIN);
  }

  @Test
  void aTapeNeedsBothRuns() {
    try (Tape tape = new Tape(model);
        FinalReads reads = new FinalReads(model)) {
      Gates gates = uniform(1);
      assertThat(Feed.of(model, SAME, gates, List.of(PLAIN), tape))
          .isEqualTo(new Feed(gates, SAME, Side.CLEAN));
      assertAlone(Feed.of(model, SAME, gates, List.of(PLAIN), reads), Side.CLEAN);
    }
  }

  @Test
  void closedGatesFeedPartners() {
    Sampling sampling =
        new Sampling(
            1, 4, Set.of(), StopRule.NEVER, new int[0], new Scheme.BranchPoints.Entropy(1), MAP);
    SequencePairs.Row row = feed(MAP, uniform(0), PLAIN).prompt(PLAIN, sampling);
    assertThat(row.clean()).containsExactly(3, 2, 2, 1);
    assertThat(row.corrupted()).isEmpty();
    assertThat(feed(MAP, uniform(1), PLAIN).prompt(PLAIN, sampling).clean())
        .containsExactly(1, 2, 0, 1);
  }
}
