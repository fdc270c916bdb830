package dev.cotrace.truth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cotrace.DiscoveryListener;
import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The true edges are not claimed only: edges are really closed, and J is the exact expectation over
 * all chains of thought.
 */
class KnownCircuitTest {
  /** What the other edges may do: rounding. */
  private static final double INERT = 1e-9;

  @TempDir private Path folder;

  @ParameterizedTest
  @MethodSource("dev.cotrace.truth.KnownCircuit#all")
  void theTrueEdgesAloneAreTheModelAndTheOthersAloneTheCorruptedOne(KnownCircuit known)
      throws IOException {
    try (Trial trial = exact(known, 6)) {
      Evaluation evaluation = evaluation(trial.workload(Map.of()));
      double clean = evaluation.clean().value();
      double corrupted = evaluation.corrupted().value();
      assertThat(clean).isGreaterThan(0.7);
      assertThat(corrupted).isLessThan(0.1);
      Circuit truth = known.truth();
      assertThat(worth(evaluation, truth)).isCloseTo(clean, within(INERT));
      assertThat(worth(evaluation, others(truth))).isCloseTo(corrupted, within(INERT));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cotrace.truth.KnownCircuit#all")
  void closingATrueEdgeChangesTheOutcomeAndClosingAnotherDoesNot(KnownCircuit known)
      throws IOException {
    int pairs = known.thought() > 2 ? 3 : 6; // each word more makes five times as many texts
    try (Trial trial = exact(known, pairs)) {
      Evaluation evaluation = evaluation(trial.workload(Map.of()));
      double clean = evaluation.clean().value();
      Circuit truth = known.truth();
      ComputationGraph graph = truth.graph();
      for (int cell : graph.edgeCells()) {
        double change = clean - worth(evaluation, Circuit.full(graph).without(cell));
        if (truth.contains(cell)) {
          assertThat(change).as("%s", graph.edge(cell)).isGreaterThan(0.1);
        } else {
          assertThat(change).as("%s", graph.edge(cell)).isCloseTo(0, within(INERT));
        }
      }
    }
  }

  /** Around: closing it matters although the words stay as the clean model wrote them. */
  @ParameterizedTest
  @MethodSource("dev.cotrace.truth.KnownCircuit#all")
  void withItsWordsFixedTheAnswerNeedsTheEdgesAroundThemOnly(KnownCircuit known)
      throws IOException {
    try (Trial trial = exact(known, 6)) {
      Evaluation evaluation =
          evaluation(trial.workload(FinalToken.Words.SAME.task(trial), Map.of()));
      double clean = evaluation.clean().value();
      assertThat(clean).isGreaterThan(0.5);
      known
          .ways()
          .forEach((cell, way) -> {
            double change = clean - worth(evaluation, Circuit.full(known.graph()).without(cell));
            if (way == Way.THROUGH) {
              assertThat(change).isCloseTo(0, within(INERT));
            } else {
              assertThat(change).isGreaterThan(0.1);
            }
          });
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cotrace.truth.KnownCircuit#all")
  void theExactScoresOfTrueEdgesLieInThePartThatTheyActBy(KnownCircuit known) throws IOException {
    try (Trial trial = exact(known, 6)) {
      Workload work = trial.workload(Map.of("quadrature", "midpoint", "points", 5));
      Attribution scores = new IntegratedGradient(work, RunListener.SILENT).attribute();
      known
          .ways()
          .forEach((cell, way) -> {
            String edge = known.graph().edge(cell).toString();
            double direct = Math.abs(scores.direct().values()[cell]);
            double through = Math.abs(scores.throughCot().values()[cell]);
            if (way == Way.THROUGH) {
              assertThat(direct).as(edge).isLessThan(INERT);
            }
            if (way == Way.AROUND) {
              assertThat(through).as(edge).isLessThan(INERT);
            }
            if (way == Way.BOTH) {
              assertThat(Math.min(direct, through)).as(edge).isGreaterThan(0.01);
            }
          });
    }
  }

  private Trial exact(KnownCircuit known, int pairs) throws IOException {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
    KnownFolder files = KnownFolder.write(known, folder);
    Path task = files.task("task", known, pairs, random);
    return Trial.open(
        Map.of(
            "model",
            files.model().toString(),
            "task",
            task.toString(),
            "estimator",
            "enumerate",
            "dtype",
            "float64",
            "batch-rows",
            512),
        DiscoveryListener.SILENT);
  }

  private static Evaluation evaluation(Workload work) {
    return new Evaluation(work, RunListener.SILENT);
  }

  private static double worth(Evaluation evaluation, Circuit circuit) {
    return evaluation.of(circuit).circuit().value();
  }

  private static Circuit others(Circuit circuit) {
    int[] closed = IntStream.of(circuit.graph().edgeCells()).filter(circuit::contains).toArray();
    return Circuit.full(circuit.graph()).without(closed);
  }
}
