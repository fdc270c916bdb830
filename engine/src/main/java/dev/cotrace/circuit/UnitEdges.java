package dev.cotrace.circuit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Edges between chosen pieces of nodes, and from all that writes to all that reads: what is not
 * chosen of a part is one source, and one target, its rest.
 *
 * <p>A score or mask is a row-major matrix {@code [sources, targets]}, as of the edges of a graph.
 * Targets are the heads of each layer together, MLPs, whole or by their chosen features, and the
 * logits.
 */
public final class UnitEdges implements Units {
  private static final int REST = -1;

  /** More edges than a gradient is taken apart for. */
  private static final int MOST = 1 << 26;

  private final Pieces pieces;
  private final List<Source> sources = new ArrayList<>();
  private final List<Target> targets = new ArrayList<>();
  private final List<int[]> sourcesOf = new ArrayList<>(); // [part] of rows, ascending
  private final int[] edges; // cells, ascending

  /**
   * What writes.
   *
   * @param part of the pieces
   * @param piece of the part; −1 for all that is not chosen
   * @param writer its place among the graph's writers
   */
  private record Source(int part, int piece, int writer) {}

  /**
   * What reads.
   *
   * @param name of it
   * @param part that reads; −1 for heads and logits
   * @param piece of the part; −1 for all that is not chosen
   * @param writers that write before it reads
   */
  private record Target(String name, int part, int piece, int writers) {}

  /**
   * Edges of {@code pieces}.
   *
   * @param chosen cells of the pieces that are looked at one by one
   * @param reading parts whose chosen pieces are targets of their own
   * @throws IllegalArgumentException when there are no such edges, or too many
   */
  public UnitEdges(Pieces pieces, int[] chosen, Set<Integer> reading) {
    this.pieces = pieces;
    Set<Integer> own = new HashSet<>();
    Arrays.stream(chosen).forEach(own::add);
    ComputationGraph graph = pieces.graph();
    int row = 0;
    for (int part = 0; part < pieces.parts().size(); part++) {
      Part each = pieces.parts().get(part);
      if (each.sources() == 0) {
        throw new IllegalArgumentException(
            "edges between units are of what nodes write, and %s is the stream itself"
                .formatted(each.name()));
      }
      boolean mlp = graph.sourceNode(row) instanceof Node.Mlp;
      int layer = row == 0 ? -1 : (row - 1) / (graph.heads() + 1);
      int writer = row == 0 ? 0 : mlp ? graph.mlpWriter(layer) : graph.headsWriter(layer);
      List<Integer> found = pieces.cells(part).filter(own::contains).boxed().toList();
      addSources(part, writer, found);
      if (mlp) {
        int before = graph.parallel() ? graph.headsWriter(layer) : writer;
        addTargets(part, before, reading.contains(part) ? found : List.of());
      } else if (row > 0 && (row - 1) % (graph.heads() + 1) == 0) {
        targets.add(new Target("a" + layer, REST, REST, writer));
      }
      row += each.sources();
    }
    targets.add(new Target("logits", REST, REST, graph.writers()));
    if ((long) sources.size() * targets.size() > MOST) {
      throw new IllegalArgumentException(
          "expected at most %,d edges between units, got %,d that write and %,d that read: choose fewer units"
              .formatted(MOST, sources.size(), targets.size()));
    }
    edges = IntStream.range(0, cells()).filter(this::exists).toArray();
  }

  private void addSources(int part, int writer, List<Integer> chosen) {
    int first = sources.size();
    for (int cell : chosen) {
      sources.add(new Source(part, cell - pieces.first(part), writer));
    }
    if (chosen.size() < pieces.count(part)) {
      sources.add(new Source(part, REST, writer));
    }
    sourcesOf.add(IntStream.range(first, sources.size()).toArray());
  }

  private void addTargets(int part, int writers, List<Integer> chosen) {
    // What features leave over reads with the rest.
    List<Integer> features = chosen.stream().filter(cell -> !pieces.isError(cell)).toList();
    for (int cell : features) {
      targets.add(new Target(pieces.name(cell), part, cell - pieces.first(part), writers));
    }
    String name = pieces.parts().get(part).name();
    targets.add(new Target(features.isEmpty() ? name : name + ".rest", part, REST, writers));
  }

  /** The pieces that edges join. */
  public Pieces pieces() {
    return pieces;
  }

  /** Number of rows. */
  public int sources() {
    return sources.size();
  }

  /** Number of columns. */
  public int targets() {
    return targets.size();
  }

  /** Rows of a part, ascending: its chosen pieces, then its rest. */
  public int[] sourcesOf(int part) {
    return sourcesOf.get(part).clone();
  }

  /** Numbers of the chosen pieces of a part, in the order of their rows. */
  public long[] chosenOf(int part) {
    return Arrays.stream(sourcesOf.get(part))
        .mapToLong(row -> sources.get(row).piece)
        .filter(piece -> piece != REST)
        .toArray();
  }

  /** Columns of a part that reads, ascending: its chosen pieces, then its rest. */
  public int[] targetsOf(int part) {
    return IntStream.range(0, targets.size()).filter(i -> targets.get(i).part == part).toArray();
  }

  /** The column of the heads of {@code layer}. */
  public int headsTarget(int layer) {
    return IntStream.range(0, targets.size())
        .filter(i -> targets.get(i).name.equals("a" + layer))
        .findFirst()
        .orElseThrow();
  }

  /** The name of a row. */
  public String sourceName(int row) {
    Source source = sources.get(row);
    Part part = pieces.parts().get(source.part);
    if (source.piece != REST) {
      return part.name(source.piece);
    }
    return chosenOf(source.part).length == 0 ? part.name() : part.name() + ".rest";
  }

  /** The name of a column. */
  public String targetName(int column) {
    return targets.get(column).name;
  }

  /** Whether an end of the edge at {@code cell} is a chosen piece, but no error. */
  public boolean isOfChosen(int cell) {
    Source source = sources.get(cell / targets.size());
    boolean leaves = source.piece != REST && isCut(source.part) && !isOfError(cell);
    return leaves || targets.get(cell % targets.size()).piece != REST;
  }

  /** Whether the edge at {@code cell} leaves what a dictionary leaves over. */
  public boolean isOfError(int cell) {
    Source source = sources.get(cell / targets.size());
    return source.piece != REST && pieces.parts().get(source.part).isError(source.piece);
  }

  /**
   * Whether another edge, at {@code cell}, has an end that was not chosen of a part that is cut.
   */
  public boolean isOfRest(int cell) {
    Source source = sources.get(cell / targets.size());
    Target target = targets.get(cell % targets.size());
    boolean rest = source.piece == REST && isCut(source.part);
    boolean readsForRest = target.piece == REST && target.part >= 0 && isCut(target.part);
    return !isOfError(cell) && (rest || readsForRest);
  }

  private boolean isCut(int part) {
    return pieces.parts().get(part).cut() != Part.Cut.WHOLE;
  }

  /** Whether there is an edge at {@code cell}. */
  public boolean exists(int cell) {
    return sources.get(cell / targets.size()).writer < targets.get(cell % targets.size()).writers;
  }

  @Override
  public ComputationGraph graph() {
    return pieces.graph();
  }

  @Override
  public Level level() {
    return Level.EDGE;
  }

  @Override
  public int cells() {
    return sources.size() * targets.size();
  }

  @Override
  public long[] shape() {
    return new long[] {sources.size(), targets.size()};
  }

  @Override
  public int[] unitCells() {
    return edges.clone();
  }

  @Override
  public int unitCount() {
    return edges.length;
  }

  @Override
  public String name(int cell) {
    return sourceName(cell / targets.size()) + "->" + targetName(cell % targets.size());
  }

  @Override
  public int cell(String name) {
    return IntStream.of(edges)
        .filter(cell -> name(cell).equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException("there is no edge '%s' between units".formatted(name)));
  }

  @Override
  public String toString() {
    return "%d edges between units".formatted(unitCount());
  }
}
