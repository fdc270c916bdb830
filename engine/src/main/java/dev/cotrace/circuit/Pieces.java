package dev.cotrace.circuit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The nodes of a graph that write, each as one unit or cut into several that add up to what it
 * writes; or the residual stream, cut so. The units of a part lie side by side, in the order of the
 * parts.
 */
public final class Pieces implements Units {
  private final ComputationGraph graph;
  private final Level level;
  private final List<Part> parts;
  private final ErrorUnits errors;
  private final int[] first; // of each part, then the number of all cells

  /**
   * Pieces that someone else lists.
   *
   * @param graph the nodes
   * @param level not {@link Level#EDGE}
   * @param parts in the order in which they write
   */
  public Pieces(ComputationGraph graph, Level level, List<Part> parts) {
    this(graph, level, parts, ErrorUnits.GATED);
  }

  private Pieces(ComputationGraph graph, Level level, List<Part> parts, ErrorUnits errors) {
    if (level == Level.EDGE) {
      throw new IllegalArgumentException("edges are no pieces of nodes: their units are a graph");
    }
    this.graph = graph;
    this.level = level;
    this.parts = List.copyOf(parts);
    this.errors = errors;
    first = new int[parts.size() + 1];
    for (int part = 0; part < parts.size(); part++) {
      first[part + 1] = Math.addExact(first[part], parts.get(part).count());
    }
  }

  /**
   * Every source of {@code graph} as a part, in the order of rows.
   *
   * @param level but {@link Level#FEATURE}, which needs to be told where dictionaries are
   * @param width of the residual stream D
   * @param neurons hidden units of an MLP
   */
  public static Pieces of(ComputationGraph graph, Level level, int width, int neurons) {
    List<Part> parts = new ArrayList<>();
    for (int source = 0; source < graph.sources(); source++) {
      Node node = graph.sourceNode(source);
      parts.add(
          switch (level) {
            case RESIDUAL_DIM -> new Part(node.toString(), Part.Cut.COORDINATES, width);
            case NEURON ->
                node instanceof Node.Mlp
                    ? new Part(node.toString(), Part.Cut.NEURONS, neurons)
                    : Part.whole(node);
            case EDGE, NODE, HEAD, MLP, FEATURE -> Part.whole(node);
          });
    }
    return new Pieces(graph, level, parts);
  }

  /** The same with another fate of errors, which does not tell pieces apart. */
  public Pieces with(ErrorUnits fate) {
    return new Pieces(graph, level, parts, fate);
  }

  @Override
  public Pieces switchable() {
    boolean fewer = level == Level.HEAD || level == Level.MLP;
    return new Pieces(graph, fewer ? Level.NODE : level, parts);
  }

  /** Where they are mixed, no name but this is all of theirs. */
  @Override
  public String noun() {
    return isMixed() ? "unit" : level.noun();
  }

  /** Whether some nodes are cut and others are not. */
  public boolean isMixed() {
    return parts.stream().map(Part::cut).distinct().count() > 1;
  }

  /**
   * The cell of the input, where circuits choose it as one unit; without it nothing of the prompt
   * reaches anything.
   */
  OptionalInt input() {
    boolean whole = parts.getFirst().name().equals("input") && !isCut(0);
    return whole && isCandidate(0) ? OptionalInt.of(0) : OptionalInt.empty();
  }

  /** What becomes of errors in circuits. */
  public ErrorUnits errors() {
    return errors;
  }

  @Override
  public ComputationGraph graph() {
    return graph;
  }

  @Override
  public Level level() {
    return level;
  }

  /** What is cut, in the order in which it writes. */
  public List<Part> parts() {
    return parts;
  }

  /** Number of units of a part. */
  public int count(int part) {
    return parts.get(part).count();
  }

  /** Cell of the first unit of a part; the others follow it. */
  public int first(int part) {
    return first[part];
  }

  /** Cells of the units of a part, ascending. */
  public IntStream cells(int part) {
    return IntStream.range(first[part], first[part + 1]);
  }

  @Override
  public int cells() {
    return first[parts.size()];
  }

  @Override
  public long[] shape() {
    return new long[] {cells()};
  }

  @Override
  public int[] unitCells() {
    return IntStream.range(0, cells()).filter(this::isCandidate).toArray();
  }

  /** Whether the unit of {@code cell} is ranked and chosen. */
  boolean isCandidate(int cell) {
    return switch (level) {
      case HEAD -> graph.sourceNode(cell) instanceof Node.Head;
      case MLP -> graph.sourceNode(cell) instanceof Node.Mlp;
      case FEATURE -> errors == ErrorUnits.GATED || !isError(cell);
      case EDGE, NODE, RESIDUAL_DIM, NEURON -> true;
    };
  }

  /** Makes {@code members} of units that are no candidates what they are in every circuit. */
  void fix(boolean[] members) {
    for (int cell = 0; cell < members.length; cell++) {
      if (!isCandidate(cell)) {
        members[cell] = level != Level.FEATURE || errors == ErrorUnits.KEPT;
      }
    }
  }

  @Override
  public int unitCount() {
    return switch (level) {
      case HEAD -> graph.layers() * graph.heads();
      case MLP -> graph.layers();
      case EDGE, NODE, RESIDUAL_DIM, NEURON -> cells();
      case FEATURE -> errors == ErrorUnits.GATED ? cells() : cells() - errorCount();
    };
  }

  private int errorCount() {
    return Math.toIntExact(parts.stream().filter(part -> part.cut() == Part.Cut.FEATURES).count());
  }

  @Override
  public String name(int cell) {
    int part = part(cell);
    return parts.get(part).name(cell - first[part]);
  }

  @Override
  public int cell(String name) {
    for (int part = 0; part < parts.size(); part++) {
      int piece = parts.get(part).piece(name);
      if (piece >= 0) {
        return first[part] + piece;
      }
    }
    int[] candidates = unitCells();
    throw new IllegalArgumentException(
        "the model has no %s '%s': they are named like %s, %s and %s"
            .formatted(
                noun(),
                name,
                name(candidates[0]),
                name(candidates[candidates.length / 2]),
                name(candidates[candidates.length - 1])));
  }

  /** The part that the unit of {@code cell} is a piece of. */
  public int part(int cell) {
    int found = Arrays.binarySearch(first, cell);
    return found >= 0 ? found : -found - 2;
  }

  /** Whether the unit of {@code cell} is not all of its part. */
  public boolean isCut(int cell) {
    return parts.get(part(cell)).cut() != Part.Cut.WHOLE;
  }

  /** Whether the unit of {@code cell} is what the features of a dictionary leave over. */
  public boolean isError(int cell) {
    int part = part(cell);
    return parts.get(part).isError(cell - first[part]);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Pieces pieces
        && graph.equals(pieces.graph)
        && level == pieces.level
        && parts.equals(pieces.parts);
  }

  @Override
  public int hashCode() {
    return 31 * graph.hashCode() + parts.hashCode();
  }

  @Override
  public String toString() {
    return "%s of %s".formatted(level.nouns(), graph);
  }
}
