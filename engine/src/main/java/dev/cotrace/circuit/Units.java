package dev.cotrace.circuit;

/**
 * What gates sit on (METHOD §2), and so what scores are of: the edges of a graph, or its nodes in
 * {@link Pieces}. The owner of the indices of arrays of scores, whose entries are called cells.
 */
public sealed interface Units permits ComputationGraph, Pieces, UnitEdges {
  /** The graph whose edges, or whose nodes' pieces, they are. */
  ComputationGraph graph();

  /** What they are. */
  Level level();

  /** One of them in words. */
  default String noun() {
    return level().noun();
  }

  /** Several in words. */
  default String nouns() {
    return noun() + "s";
  }

  /** So many in words. */
  default String counted(int count) {
    return count + " " + (count == 1 ? noun() : nouns());
  }

  /** Length of an array with a number for each of them. */
  int cells();

  /** The shape of such an array: {@code [nSrc, nDst]} of edges, else {@code [cells]}. */
  long[] shape();

  /** The cells that are of a unit, ascending; where there is none scores are zero. */
  int[] unitCells();

  /** Number of units. */
  int unitCount();

  /**
   * The cell of the unit called {@code name}.
   *
   * @throws IllegalArgumentException when there is no such unit
   */
  int cell(String name);

  /** The same units where circuits may have any of them, and none, whatever is chosen among. */
  default Units switchable() {
    return this;
  }

  /** What the unit of {@code cell} is called, for example {@code m3.n17}. */
  String name(int cell);
}
