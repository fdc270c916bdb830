package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * A set of edges that are kept clean while all others are corrupted.
 *
 * @param graph names the cells
 * @param edges row-major {@code [nSrc, nDst]}; true where the edge is in the circuit
 */
public record Circuit(ComputationGraph graph, boolean[] edges) {
  /** How edges are ranked. */
  public enum Ranking {
    /** By |score|. */
    ABSOLUTE,
    /** By score in the direction from J(0) to J(1): edges that work against it come last. */
    SIGNED
  }

  /** Refuses edges that the graph does not have. */
  public Circuit {
    edges = edges.clone();
    if (edges.length != graph.cells()) {
      throw new IllegalArgumentException(
          "a circuit of this graph has %d cells, got %d".formatted(graph.cells(), edges.length));
    }
    for (int cell = 0; cell < edges.length; cell++) {
      if (edges[cell] && !graph.exists(cell)) {
        throw new IllegalArgumentException(
            "the circuit has an edge at cell %d where the graph has none".formatted(cell));
      }
    }
  }

  /** All edges of {@code graph}. */
  public static Circuit full(ComputationGraph graph) {
    boolean[] edges = new boolean[graph.cells()];
    for (int cell : graph.edgeCells()) {
      edges[cell] = true;
    }
    return new Circuit(graph, edges);
  }

  /**
   * The {@code size} highest-ranked edges without those that are not connected: pruning may leave
   * fewer.
   *
   * @param size at most the number of edges
   */
  public static Circuit top(Attribution attribution, int size, Ranking ranking) {
    double[] rank = rank(attribution.total().values(), ranking, attribution.direction());
    return ranked(attribution.graph(), rank, size).pruned();
  }

  /** What edges are ranked by, the highest first. */
  static double[] rank(double[] scores, Ranking ranking, double direction) {
    return switch (ranking) {
      case ABSOLUTE -> Arrays.stream(scores).map(Math::abs).toArray();
      case SIGNED -> Arrays.stream(scores).map(v -> direction * v).toArray();
    };
  }

  /**
   * A random circuit as large as one of {@code size} connected edges: edges are drawn in a
   * uniformly random order until pruning leaves at least that many, then the last ones are taken
   * back where that many are still left. Without this, small random circuits would be empty and a
   * poor floor.
   */
  public static Circuit random(ComputationGraph graph, int size, RandomGenerator random) {
    double[] rank = random.doubles(graph.cells()).toArray();
    int fits = 0;
    int tooMany = graph.edgeCount() + 1;
    while (tooMany - fits > 1) {
      int drawn = (fits + tooMany) >>> 1;
      if (ranked(graph, rank, drawn).pruned().size() <= size) {
        fits = drawn;
      } else {
        tooMany = drawn;
      }
    }
    Circuit below = ranked(graph, rank, fits).pruned();
    return below.size() == size || fits == graph.edgeCount()
        ? below
        : trimmed(below, ranked(graph, rank, tooMany).pruned(), rank, size);
  }

  /**
   * A single edge may connect many at once: what is left of {@code above} when its edges are taken
   * out one by one, the last drawn first, unless fewer than {@code size} would stay. Where no
   * circuit of that size comes up, the largest smaller one.
   */
  private static Circuit trimmed(Circuit below, Circuit above, double[] rank, int size) {
    Circuit best = below;
    Circuit current = above;
    int[] cells =
        IntStream.of(above.graph.edgeCells())
            .filter(above::contains)
            .boxed()
            .sorted((a, b) -> Double.compare(rank[a], rank[b]))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int cell : cells) {
      if (current.size() == size) {
        return current;
      }
      if (current.contains(cell)) {
        Circuit trial = current.without(cell).pruned();
        if (trial.size() >= size) {
          current = trial;
        } else if (trial.size() > best.size()) {
          best = trial;
        }
      }
    }
    return current.size() == size ? current : best;
  }

  private static Circuit ranked(ComputationGraph graph, double[] rank, int size) {
    int[] cells =
        IntStream.of(graph.edgeCells())
            .boxed()
            .sorted((a, b) ->
                rank[a] == rank[b] ? Integer.compare(a, b) : Double.compare(rank[b], rank[a]))
            .limit(size)
            .mapToInt(Integer::intValue)
            .toArray();
    boolean[] edges = new boolean[graph.cells()];
    for (int cell : cells) {
      edges[cell] = true;
    }
    return new Circuit(graph, edges);
  }

  /** The same without the edges at {@code cells}. */
  public Circuit without(int... cells) {
    boolean[] fewer = edges.clone();
    for (int cell : cells) {
      fewer[cell] = false;
    }
    return new Circuit(graph, fewer);
  }

  /** Number of edges. */
  public int size() {
    int size = 0;
    for (boolean edge : edges) {
      size += edge ? 1 : 0;
    }
    return size;
  }

  /** Whether the edge at {@code cell} is in the circuit. */
  public boolean contains(int cell) {
    return edges[cell];
  }

  /** Whether {@code node} has an edge in the circuit. */
  public boolean contains(Node node) {
    return hasInput(node) || hasOutput(node);
  }

  /** The gate of every cell: 1 in the circuit, 0 elsewhere. */
  public double[] gates() {
    double[] gates = new double[edges.length];
    Arrays.setAll(gates, cell -> edges[cell] ? 1 : 0);
    return gates;
  }

  /**
   * Without the edges that no path from {@code input} to {@code logits} uses: nodes without an
   * input or without an output are dropped until none is left.
   */
  public Circuit pruned() {
    boolean[] kept = edges.clone();
    boolean changed = true;
    while (changed) {
      changed = false;
      Circuit current = new Circuit(graph, kept);
      for (int cell : graph.edgeCells()) {
        Edge edge = kept[cell] ? graph.edge(cell) : null;
        if (edge != null
            && !(current.hasInput(edge.source()) && current.hasOutput(edge.target()))) {
          kept[cell] = false;
          changed = true;
        }
      }
    }
    return new Circuit(graph, kept);
  }

  private boolean hasInput(Node node) {
    return switch (node) {
      case Node.Input _ -> true;
      case Node.Head head ->
          anyInto(graph.target(head, Slot.Q))
              || anyInto(graph.target(head, Slot.K))
              || anyInto(graph.target(head, Slot.V));
      case Node.Mlp mlp -> anyInto(graph.target(mlp, Slot.IN));
      case Node.Logits logits -> anyInto(graph.target(logits, Slot.IN));
    };
  }

  private boolean hasOutput(Node node) {
    if (node instanceof Node.Logits) {
      return true;
    }
    int row = graph.source(node) * graph.targets();
    return IntStream.range(row, row + graph.targets()).anyMatch(cell -> edges[cell]);
  }

  private boolean anyInto(int target) {
    return IntStream.range(0, graph.visibleSources(target))
        .anyMatch(source -> edges[source * graph.targets() + target]);
  }
}
