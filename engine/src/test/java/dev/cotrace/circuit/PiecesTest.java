package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PiecesTest {
  private static final ComputationGraph GRAPH = new ComputationGraph(2, 3, false);

  private static Pieces pieces(Level level) {
    return Pieces.of(GRAPH, level, 4, 5);
  }

  @ParameterizedTest
  @CsvSource({
    "NODE, 9, 'input, a0.h0, a0.h1, a0.h2, m0, a1.h0, a1.h1, a1.h2, m1'",
    "NEURON, 17, 'input, a0.h0, a0.h1, a0.h2, m0.n0, m0.n1, m0.n2, m0.n3, m0.n4, a1.h0, a1.h1, a1.h2, m1.n0, m1.n1, m1.n2, m1.n3, m1.n4'"
  })
  void unitsAreNamedInTheOrderOfTheNodes(Level level, int count, String names) {
    Pieces pieces = pieces(level);
    assertThat(pieces.unitCount()).isEqualTo(count).isEqualTo(pieces.cells());
    assertThat(IntStream.range(0, count).mapToObj(pieces::name)).containsExactly(names.split(", "));
  }

  @Test
  void everyCoordinateOfANodeIsAUnit() {
    Pieces pieces = pieces(Level.RESIDUAL_DIM);
    assertThat(pieces.cells()).isEqualTo(9 * 4);
    assertThat(pieces.name(4 * 4 + 3)).isEqualTo("m0.d3");
  }

  @ParameterizedTest
  @CsvSource({"NODE", "NEURON", "RESIDUAL_DIM"})
  void everyCellIsAPieceOfTheSourceWhoseRangeItLiesIn(Level level) {
    Pieces pieces = pieces(level);
    int next = 0;
    for (int source = 0; source < GRAPH.sources(); source++) {
      assertThat(pieces.first(source)).isEqualTo(next);
      for (int piece = 0; piece < pieces.count(source); piece++) {
        assertThat(pieces.part(next)).isEqualTo(source);
        next++;
      }
    }
    assertThat(next).isEqualTo(pieces.cells());
  }

  /** As many others as there are: without it nothing of the prompt reaches anything. */
  @ParameterizedTest
  @CsvSource({"NODE, true", "NEURON, true", "RESIDUAL_DIM, false", "HEAD, false"})
  void randomCircuitsHaveTheInputWhereItIsOneUnit(Level level, boolean has) {
    Pieces pieces = pieces(level);
    assertThat(pieces.input().isPresent()).isEqualTo(has);
    for (int seed = 0; seed < 20; seed++) {
      Circuit random = Circuit.random(pieces, 2, new SplittableRandom(seed));
      assertThat(random.size()).isEqualTo(2);
      if (has) {
        assertThat(random.contains(pieces.cell("input"))).isTrue();
      }
    }
    assertThat(Circuit.random(pieces, 0, new SplittableRandom(1)).size()).isZero();
  }

  @Test
  void edgesAreNoPieces() {
    assertThatThrownBy(() -> pieces(Level.EDGE)).hasMessageContaining("edges are no pieces");
  }
}
