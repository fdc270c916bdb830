package dev.cotrace.circuit;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * A set of edges, or of other units, that are kept clean while all others are corrupted.
 *
 * @param units names the cells
 * @param members by cell, true where the unit is in the circuit; nodes that are no candidates
 *     ({@link Level#HEAD}) are always
 */
public record Circuit(Units units, boolean[] members) {
  /** How units are ranked. */
  public enum Ranking {
    /** By |score|. */
    ABSOLUTE,
    /** By score in the direction from J(0) to J(1): units that work against it come last. */
    SIGNED;

    /** What units are ranked by, in words. */
    public String score() {
      return name().toLowerCase(Locale.ROOT) + " score";
    }
  }

  /** Refuses edges that the graph does not have. */
  public Circuit {
    members = members.clone();
    if (members.length != units.cells()) {
      throw new IllegalArgumentException(
          "a circuit of this graph has %d cells, got %d".formatted(units.cells(), members.length));
    }
    switch (units) {
      case ComputationGraph graph -> requireEdges(graph, members);
      case Pieces pieces -> pieces.fix(members);
      case UnitEdges edges -> throw new IllegalArgumentException("no circuit is of " + edges);
    }
  }

  private static void requireEdges(ComputationGraph graph, boolean[] members) {
    for (int cell = 0; cell < members.length; cell++) {
      if (members[cell] && !graph.exists(cell)) {
        throw new IllegalArgumentException(
            "the circuit has an edge at cell %d where the graph has none".formatted(cell));
      }
    }
  }

  /** All of {@code units}. */
  public static Circuit full(Units units) {
    return where(units, _ -> true);
  }

  /** The units whose cells are {@code chosen}. */
  static Circuit where(Units units, IntPredicate chosen) {
    boolean[] members = new boolean[units.cells()];
    IntStream.of(units.unitCells()).filter(chosen).forEach(cell -> members[cell] = true);
    return new Circuit(units, members);
  }

  /** The nodes and edges of the model. */
  public ComputationGraph graph() {
    return units.graph();
  }

  /** What units are ranked by, the highest first. */
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
   * A random circuit as large as one of {@code size} units. Edges are drawn in a uniformly random
   * order until pruning leaves at least that many, then the last ones are taken back where that
   * many are still left; of other units the input is always one. Without this, random circuits
   * would be empty, or of no use because nothing reaches them, and a poor floor.
   */
  public static Circuit random(Units units, int size, RandomGenerator random) {
    double[] rank = random.doubles(units.cells()).toArray();
    return units instanceof ComputationGraph graph
        ? connected(graph, rank, size)
        : ranked(units, inputFirst(units, rank), size);
  }

  /** {@code rank} with the input before all others, where it is one of the units. */
  public static double[] inputFirst(Units units, double[] rank) {
    double[] first = rank.clone();
    if (units instanceof Pieces pieces) {
      double most = Arrays.stream(rank).max().orElse(0);
      pieces.input().ifPresent(cell -> first[cell] = most + 1);
    }
    return first;
  }

  private static Circuit connected(ComputationGraph graph, double[] rank, int size) {
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
        IntStream.of(above.units.unitCells())
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

  /** The {@code size} highest-ranked units, connected or not. */
  public static Circuit ranked(Units units, double[] rank, int size) {
    boolean[] members = new boolean[units.cells()];
    highest(units, rank, size).forEach(cell -> members[cell] = true);
    return new Circuit(units, members);
  }

  /** Cells of the {@code size} highest-ranked units, the highest first. */
  static List<Integer> highest(Units units, double[] rank, int size) {
    return IntStream.of(units.unitCells()).boxed().sorted(highestFirst(rank)).limit(size).toList();
  }

  /** The same without the units at {@code cells}. */
  public Circuit without(int... cells) {
    boolean[] fewer = members.clone();
    for (int cell : cells) {
      fewer[cell] = false;
    }
    return new Circuit(units, fewer);
  }

  /** Cells of its units, ascending, without nodes that are no candidates. */
  public int[] cells() {
    return IntStream.of(units.unitCells()).filter(this::contains).toArray();
  }

  /** Whether it is the whole model. */
  public boolean isWhole() {
    return switch (units) {
      case ComputationGraph graph -> size() == graph.edgeCount();
      case Pieces _, UnitEdges _ -> IntStream.range(0, members.length).allMatch(this::contains);
    };
  }

  /** The same units of {@code other}, which may choose among others of the same pieces. */
  public Circuit in(Units other) {
    return new Circuit(other, members);
  }

  /** Number of units, without nodes that are no candidates. */
  public int size() {
    return cells().length;
  }

  /** Number of units that this has in common with {@code other}, of the same units. */
  public int shared(Circuit other) {
    return Math.toIntExact(IntStream.of(cells()).filter(other::contains).count());
  }

  /**
   * {@code |A ∩ B| / |A ∪ B|} of the units of this and {@code other}, of the same units; 1 when
   * both are empty.
   */
  public double jaccard(Circuit other) {
    int shared = shared(other);
    int either = size() + other.size() - shared;
    return either == 0 ? 1 : shared / (double) either;
  }

  /** Whether the unit at {@code cell} is in the circuit. */
  public boolean contains(int cell) {
    return members[cell];
  }

  /** Whether {@code node} has an edge in the circuit, which is one of edges. */
  public boolean contains(Node node) {
    return hasInput(node) || leadsOn(node);
  }

  /** The gate of every cell: 1 in the circuit, 0 elsewhere. */
  public double[] gates() {
    double[] gates = new double[members.length];
    Arrays.setAll(gates, cell -> members[cell] ? 1 : 0);
    return gates;
  }

  /**
   * Without the edges that no path from {@code input} to {@code logits} uses: nodes without an
   * input or without an output are dropped until none is left. Other units are read by all that
   * follows them, so that there is nothing to drop.
   */
  public Circuit pruned() {
    if (!(units instanceof ComputationGraph graph)) {
      return this;
    }
    boolean[] kept = members.clone();
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
    ComputationGraph graph = graph();
    return node instanceof Node.Input
        || graph.targets(node).flatMap(graph::edgesInto).anyMatch(this::contains);
  }

  /** Whether any edge in the circuit reads what {@code node} writes, as the logits are read. */
  public boolean leadsOn(Node node) {
    if (node instanceof Node.Logits) {
      return true;
    }
    ComputationGraph graph = graph();
    int row = graph.source(node) * graph.targets();
    return IntStream.range(row, row + graph.targets()).anyMatch(this::contains);
  }
}
