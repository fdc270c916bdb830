package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CircuitTest {
  private static final ComputationGraph GRAPH = new ComputationGraph(3, 2, false);

  @Test
  void pruningDropsEdgesThatNoPathFromInputToLogitsUses() {
    boolean[] edges = new boolean[GRAPH.cells()];
    Edge first = new Edge(new Node.Input(), new Node.Mlp(0), Slot.IN);
    Edge second = new Edge(new Node.Mlp(0), new Node.Logits(), Slot.IN);
    Edge deadEnd = new Edge(new Node.Mlp(0), new Node.Head(1, 0), Slot.Q);
    Edge fromNowhere = new Edge(new Node.Head(1, 1), new Node.Mlp(2), Slot.IN);
    for (Edge edge : new Edge[] {first, second, deadEnd, fromNowhere}) {
      edges[GRAPH.cell(edge)] = true;
    }
    Circuit pruned = new Circuit(GRAPH, edges).pruned();
    assertThat(pruned.size()).isEqualTo(2);
    assertThat(pruned.contains(GRAPH.cell(first))).isTrue();
    assertThat(pruned.contains(GRAPH.cell(second))).isTrue();
    assertThat(pruned.contains(new Node.Head(1, 0))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void pruningTwiceIsPruningOnce(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    boolean[] edges = new boolean[GRAPH.cells()];
    for (int cell : GRAPH.edgeCells()) {
      edges[cell] = random.nextInt(4) == 0;
    }
    Circuit once = new Circuit(GRAPH, edges).pruned();
    assertThat(once.pruned().members()).isEqualTo(once.members());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void aRandomCircuitIsConnectedAndNoLargerThanAsked(long seed) {
    for (int size : new int[] {5, 20, 60, GRAPH.edgeCount()}) {
      Circuit random = Circuit.random(GRAPH, size, new SplittableRandom(seed));
      assertThat(random.size()).isLessThanOrEqualTo(size);
      assertThat(random.pruned().members()).isEqualTo(random.members());
    }
    Circuit all = Circuit.random(GRAPH, GRAPH.edgeCount(), new SplittableRandom(seed));
    assertThat(all.size()).isEqualTo(GRAPH.edgeCount());
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 20, 100})
  void aRandomCircuitIsAsLargeAsAskedAlthoughOneEdgeMayConnectMany(int size) {
    ComputationGraph graph = new ComputationGraph(4, 4, false);
    for (long seed = 0; seed < 50; seed++) {
      assertThat(Circuit.random(graph, size, new SplittableRandom(seed)).size())
          .as("seed %d", seed)
          .isBetween(size - 1, size);
    }
  }

  @Test
  void overlapIsCountedByEdges() {
    int[] cells = GRAPH.edgeCells();
    Circuit one = of(cells[0], cells[1], cells[2]);
    Circuit other = of(cells[1], cells[2], cells[3], cells[4]);
    assertThat(one.shared(other)).isEqualTo(2);
    assertThat(one.jaccard(other)).isEqualTo(2 / 5.0).isEqualTo(other.jaccard(one));
    assertThat(of().jaccard(of())).isEqualTo(1);
    assertThat(of().jaccard(one)).isZero();
  }

  private static Circuit of(int... cells) {
    boolean[] edges = new boolean[GRAPH.cells()];
    for (int cell : cells) {
      edges[cell] = true;
    }
    return new Circuit(GRAPH, edges);
  }

  @Test
  void edgesThatTheGraphLacksAreRefused() {
    boolean[] edges = new boolean[GRAPH.cells()];
    Arrays.fill(edges, true);
    assertThatThrownBy(() -> new Circuit(GRAPH, edges))
        .hasMessageContaining("where the graph has none");
  }
}
