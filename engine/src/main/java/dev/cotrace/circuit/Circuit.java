package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
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
    SIGNED;

    /** What edges are ranked by, in words. */
    public String score() {
      return name().toLowerCase(Locale.ROOT) + " score";
    }
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

  /** What edges are ranked by, the highest first. */
  static double[] rank(double[] scores, Ranking ranking, double direction) {
    return switch (ranking) {
      case ABSOLUTE -> Arrays.stream(scores).map(Math::abs).toArray();
      // Adding zero leaves no −0, which would rank below 0.
      case SIGNED -> Arrays.stream(scores).map(v -> direction * v + 0.0).toArray();
    };
  }

  /** Cells by descending rank, those that rank alike in ascending order. */
  static Comparator<Integer> highestFirst(double[] rank) {
    return Comparator.comparingDouble((Integer cell) -> rank[cell])
        .reversed()
        .thenComparing(Comparator.naturalOrder());
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
            .sorted(highestFirst(rank).reversed())
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

  /** The {@code size} highest-ranked edges, connected or not. */
  public static Circuit ranked(ComputationGraph graph, double[] rank, int size) {
    boolean[] edges = new boolean[graph.cells()];
    highest(graph, rank, size).forEach(cell -> edges[cell] = true);
    return new Circuit(graph, edges);
  }

  /** Cells of the {@code size} highest-ranked edges, the highest first. */
  static List<Integer> highest(Units units, double[] rank, int size) {
    return IntStream.of(units.unitCells()).boxed().sorted(highestFirst(rank)).limit(size).toList();
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

  /** Number of edges that this has in common with {@code other}, of the same graph. */
  public int shared(Circuit other) {
    return Math.toIntExact(
        IntStream.range(0, edges.length).filter(cell -> edges[cell] && other.edges[cell]).count());
  }

  /**
   * {@code |A ∩ B| / |A ∪ B|} of the edges of this and {@code other}, of the same graph; 1 when
   * both are empty.
   */
  public double jaccard(Circuit other) {
    int shared = shared(other);
    int either = size() + other.size() - shared;
    return either == 0 ? 1 : shared / (double) either;
  }

  /** Whether the edge at {@code cell} is in the circuit. */
  public boolean contains(int cell) {
    return edges[cell];
  }

  /** Whether {@code node} has an edge in the circuit. */
  public boolean contains(Node node) {
    return hasInput(node) || leadsOn(node);
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
        if (edge != null && !(current.hasInput(edge.source()) && current.leadsOn(edge.target()))) {
          kept[cell] = false;
          changed = true;
        }
      }
    }
    return new Circuit(graph, kept);
  }

  private boolean hasInput(Node node) {
    return node instanceof Node.Input
        || graph.targets(node).flatMap(graph::edgesInto).anyMatch(cell -> edges[cell]);
  }

  /** Whether anything in the circuit reads what {@code node} writes, as the logits are read. */
  public boolean leadsOn(Node node) {
    if (node instanceof Node.Logits) {
      return true;
    }
    int row = graph.source(node) * graph.targets();
    return IntStream.range(row, row + graph.targets()).anyMatch(cell -> edges[cell]);
  }
}
