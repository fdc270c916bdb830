package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.circuit.Circuit.Ranking;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Selections beside slow obvious ones that share no code but the graph. */
final class SelectionTest {
  private static final List<ComputationGraph> GRAPHS =
      List.of(
          new ComputationGraph(1, 1, false),
          new ComputationGraph(2, 3, false),
          new ComputationGraph(3, 2, true),
          new ComputationGraph(3, 3, false));

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void greedyTakesTheBestEdgeIntoWhatItHasUntilItHasEnough(long seed) {
    forEachRun(
        seed,
        (attribution, ranking, size) ->
            assertThat(edges(new Selection.Greedy(size, ranking), attribution))
                .isEqualTo(connected(attribution.graph(), grown(attribution, ranking, size))));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void topTakesEdgesThatFewerThanThatManyOutrank(long seed) {
    forEachRun(
        seed,
        (attribution, ranking, size) -> {
          boolean[] chosen =
              where(attribution, cell -> outranked(attribution, ranking, cell) < size);
          assertThat(edges(new Selection.Top(size, ranking), attribution))
              .isEqualTo(connected(attribution.graph(), chosen));
        });
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void thresholdTakesEdgesThatReachIt(long seed) {
    forEachRun(
        seed,
        (attribution, ranking, size) -> {
          double least = 0.25 * (1 + size % 7);
          boolean[] chosen = where(attribution, cell -> rank(attribution, ranking, cell) >= least);
          assertThat(edges(new Selection.Threshold(least, ranking), attribution))
              .isEqualTo(connected(attribution.graph(), chosen));
        });
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 0.05, 0.5, 1})
  void significantTakesEdgesWithSmallerQValues(double level) {
    forEachRun(
        9,
        (attribution, _, _) -> {
          double[] q = attribution.significance().q();
          assertThat(edges(new Selection.Significant(level), attribution))
              .isEqualTo(connected(attribution.graph(), where(attribution, c -> q[c] < level)));
        });
  }

  @Test
  void anUnknownErrorIsNotSignificant() {
    ComputationGraph graph = GRAPHS.getFirst();
    int cell = graph.cell(new Edge(new Node.Input(), new Node.Logits(), Slot.IN));
    double[] values = new double[graph.cells()];
    double[] errors = new double[graph.cells()];
    values[cell] = 1;
    errors[cell] = Double.NaN;
    assertThat(new Selection.Significant(1).of(attribution(graph, values, errors, 1)).size())
        .isZero();
    errors[cell] = 1e-3;
    assertThat(new Selection.Significant(0.05).of(attribution(graph, values, errors, 1)).size())
        .isEqualTo(1);
  }

  @Test
  void anEdgeWithoutAScoreIsKept() {
    ComputationGraph graph = GRAPHS.getFirst();
    int unscored = graph.cell(new Edge(new Node.Input(), new Node.Logits(), Slot.IN));
    double[] values = new double[graph.cells()];
    for (int cell : graph.edgeCells()) {
      values[cell] = cell == unscored ? Double.NaN : -1;
    }
    Attribution attribution = attribution(graph, values, new double[graph.cells()], 1);
    for (Selection selection :
        List.of(
            new Selection.Top(1, Ranking.ABSOLUTE),
            new Selection.Greedy(1, Ranking.SIGNED),
            new Selection.Threshold(2, Ranking.ABSOLUTE))) {
      Circuit circuit = selection.of(attribution);
      assertThat(circuit.size()).as(selection.words()).isEqualTo(1);
      assertThat(circuit.contains(unscored)).as(selection.words()).isTrue();
    }
  }

  @Test
  void signedRankingFollowsTheDirectionFromCorruptedToClean() {
    ComputationGraph graph = GRAPHS.getLast();
    double[] values = new double[graph.cells()];
    double[] errors = new double[graph.cells()];
    int up = graph.cell(new Edge(new Node.Input(), new Node.Logits(), Slot.IN));
    values[up] = 1;
    Selection top = new Selection.Top(1, Ranking.SIGNED);
    assertThat(top.of(attribution(graph, values, errors, 1)).contains(up)).isTrue();
    assertThat(top.of(attribution(graph, values, errors, -1)).contains(up)).isFalse();
    Selection absolute = new Selection.Top(1, Ranking.ABSOLUTE);
    assertThat(absolute.of(attribution(graph, values, errors, -1)).contains(up)).isTrue();
  }

  /** The best edges lead nowhere: top keeps nothing of them, greedy looks for the way. */
  @Test
  void greedyFindsAPathWhereTheTopEdgesHaveNone() {
    ComputationGraph graph = GRAPHS.get(1);
    double[] values = new double[graph.cells()];
    double[] errors = new double[graph.cells()];
    for (Slot slot : List.of(Slot.Q, Slot.K, Slot.V)) {
      values[graph.cell(new Edge(new Node.Mlp(0), new Node.Head(1, 0), slot))] = 5;
    }
    values[graph.cell(new Edge(new Node.Mlp(1), new Node.Logits(), Slot.IN))] = 2;
    values[graph.cell(new Edge(new Node.Input(), new Node.Mlp(1), Slot.IN))] = 1;
    Attribution attribution = attribution(graph, values, errors, 1);
    assertThat(new Selection.Top(3, Ranking.ABSOLUTE).of(attribution).size()).isZero();
    assertThat(new Selection.Greedy(2, Ranking.ABSOLUTE).of(attribution).size()).isEqualTo(2);
  }

  @Test
  void everySelectionOfAllEdgesIsTheFullCircuit() {
    ComputationGraph graph = GRAPHS.getLast();
    double[] values = new double[graph.cells()];
    Arrays.fill(values, 1);
    Attribution attribution = attribution(graph, values, new double[graph.cells()], 1);
    for (Selection selection :
        List.of(
            new Selection.Top(graph.edgeCount(), Ranking.SIGNED),
            new Selection.Greedy(graph.edgeCount(), Ranking.SIGNED),
            new Selection.Threshold(1, Ranking.SIGNED),
            new Selection.Significant(0.05))) {
      assertThat(edges(selection, attribution))
          .as(selection.words())
          .isEqualTo(Circuit.full(graph).members());
    }
  }

  @Test
  void boundsThatChooseAnythingOrNothingAreRefused() {
    assertThatThrownBy(() -> new Selection.Threshold(0, Ranking.ABSOLUTE))
        .hasMessage("a threshold of scores must be a number above 0, got 0.0");
    assertThatThrownBy(() -> new Selection.Threshold(Double.NaN, Ranking.ABSOLUTE))
        .hasMessageContaining("above 0, got NaN");
    assertThatThrownBy(() -> new Selection.Significant(1.5))
        .hasMessage("a level of significance must be above 0 and at most 1, got 1.5");
  }

  private interface Check {
    void check(Attribution attribution, Ranking ranking, int size);
  }

  /** Scores of few different values, so that many edges rank alike, on all graphs. */
  private static void forEachRun(long seed, Check check) {
    SplittableRandom random = new SplittableRandom(seed);
    for (ComputationGraph graph : GRAPHS) {
      for (Ranking ranking : Ranking.values()) {
        for (int distinct : new int[] {3, 1000}) {
          double[] values = new double[graph.cells()];
          double[] errors = new double[graph.cells()];
          for (int cell : graph.edgeCells()) {
            values[cell] = random.nextInt(-distinct, distinct + 1) * 2.0 / distinct;
            errors[cell] = random.nextDouble();
          }
          double clean = random.nextBoolean() ? 1 : -1;
          Attribution attribution = attribution(graph, values, errors, clean);
          int edges = graph.edgeCount();
          for (int size : new int[] {1, random.nextInt(1, edges + 1), edges / 2, edges}) {
            check.check(attribution, ranking, size);
          }
        }
      }
    }
  }

  private static boolean[] edges(Selection selection, Attribution attribution) {
    return selection.of(attribution).members();
  }

  private static Attribution attribution(
      ComputationGraph graph, double[] values, double[] errors, double clean) {
    Scores scores = new Scores(values, errors, Estimate.exact(0));
    return new Attribution(
        graph,
        scores,
        scores,
        scores,
        Ends.unpaired(Estimate.exact(clean), Estimate.exact(0)),
        Estimate.exact(0),
        8,
        1,
        0);
  }

  private static double rank(Attribution attribution, Ranking ranking, int cell) {
    double score = attribution.total().values()[cell];
    return ranking == Ranking.ABSOLUTE
        ? Math.abs(score)
        : score * Math.signum(attribution.clean().value());
  }

  /** Whether {@code first} comes before {@code second}. */
  private static boolean before(Attribution attribution, Ranking ranking, int first, int second) {
    double one = rank(attribution, ranking, first);
    double two = rank(attribution, ranking, second);
    return one > two || (one == two && first < second);
  }

  private static long outranked(Attribution attribution, Ranking ranking, int cell) {
    return IntStream.of(attribution.graph().edgeCells())
        .filter(other -> before(attribution, ranking, other, cell))
        .count();
  }

  private static boolean[] where(Attribution attribution, IntPredicate chosen) {
    boolean[] edges = new boolean[attribution.graph().cells()];
    IntStream.of(attribution.graph().edgeCells())
        .filter(chosen)
        .forEach(cell -> edges[cell] = true);
    return edges;
  }

  /** Looks through all edges for each next one. */
  private static boolean[] grown(Attribution attribution, Ranking ranking, int size) {
    ComputationGraph graph = attribution.graph();
    boolean[] edges = new boolean[graph.cells()];
    for (int taken = 0; taken < size; taken++) {
      int best = -1;
      for (int cell : graph.edgeCells()) {
        boolean candidate = !edges[cell] && hasOutput(graph, edges, graph.edge(cell).target());
        if (candidate && (best < 0 || before(attribution, ranking, cell, best))) {
          best = cell;
        }
      }
      edges[best] = true;
    }
    return edges;
  }

  private static boolean hasOutput(ComputationGraph graph, boolean[] edges, Node node) {
    return node instanceof Node.Logits
        || IntStream.of(graph.edgeCells())
            .anyMatch(cell -> edges[cell] && graph.edge(cell).source().equals(node));
  }

  private static boolean hasInput(ComputationGraph graph, boolean[] edges, Node node) {
    return node instanceof Node.Input
        || IntStream.of(graph.edgeCells())
            .anyMatch(cell -> edges[cell] && graph.edge(cell).target().equals(node));
  }

  /** Drops single edges without a way on or back until there is none. */
  private static boolean[] connected(ComputationGraph graph, boolean[] chosen) {
    boolean[] edges = chosen.clone();
    while (true) {
      int loose =
          IntStream.of(graph.edgeCells())
              .filter(cell -> edges[cell])
              .filter(cell ->
                  !hasInput(graph, edges, graph.edge(cell).source())
                      || !hasOutput(graph, edges, graph.edge(cell).target()))
              .findFirst()
              .orElse(-1);
      if (loose < 0) {
        return edges;
      }
      edges[loose] = false;
    }
  }
}
