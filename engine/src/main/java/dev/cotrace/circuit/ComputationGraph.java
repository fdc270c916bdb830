package dev.cotrace.circuit;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The nodes and edges of a decoder-only transformer, and the only owner of their indices.
 *
 * <p>A score or mask over edges is a row-major matrix {@code [nSrc, nDst]}; the cell of edge u→v is
 * {@code source(u) * nDst + target(v, slot)}. Cells where no edge exists are zero. Because sources
 * are ordered as they write, the edges into target {@code v} are exactly those from the sources
 * with an index below {@link #visibleSources}.
 *
 * @param layers number of layers L
 * @param heads number of query heads a layer H
 * @param parallel whether attention and MLP of a layer read the same residual stream (Pythia)
 */
public record ComputationGraph(int layers, int heads, boolean parallel) implements Units {
  private static final List<Slot> HEAD_SLOTS = List.of(Slot.Q, Slot.K, Slot.V);

  /** Refuses an empty graph. */
  public ComputationGraph {
    if (layers < 1 || heads < 1) {
      throw new IllegalArgumentException(
          "a computation graph needs at least one layer and one head, got %d and %d"
              .formatted(layers, heads));
    }
  }

  /** Number of sources, {@code 1 + L(H+1)}. */
  public int sources() {
    return 1 + layers * (heads + 1);
  }

  /** Number of targets, {@code L(3H+1) + 1}. */
  public int targets() {
    return layers * (3 * heads + 1) + 1;
  }

  @Override
  public ComputationGraph graph() {
    return this;
  }

  @Override
  public Level level() {
    return Level.EDGE;
  }

  /** Number of cells of an edge matrix, {@code nSrc · nDst}. */
  @Override
  public int cells() {
    return Math.multiplyExact(sources(), targets());
  }

  @Override
  public long[] shape() {
    return new long[] {sources(), targets()};
  }

  /** Row of {@code input}. */
  public int inputSource() {
    return 0;
  }

  /** Row of the first head of {@code layer}; the others follow it. */
  public int headSource(int layer) {
    return 1 + layer * (heads + 1);
  }

  /** Row of the MLP of {@code layer}. */
  public int mlpSource(int layer) {
    return headSource(layer) + heads;
  }

  /**
   * Number of writers, {@code 1 + 2L}: the input, and of each layer its heads together and its MLP.
   * In this order they write.
   */
  public int writers() {
    return 1 + 2 * layers;
  }

  /** The input among the writers. */
  public int inputWriter() {
    return 0;
  }

  /** The heads of {@code layer} together, among the writers. */
  public int headsWriter(int layer) {
    return 1 + 2 * layer;
  }

  /** The MLP of {@code layer} among the writers. */
  public int mlpWriter(int layer) {
    return 2 + 2 * layer;
  }

  /** Column of the first head's {@code slot} input in {@code layer}; the other heads follow it. */
  public int headTarget(int layer, Slot slot) {
    return layer * (3 * heads + 1) + slot.block() * heads;
  }

  /** Column of the MLP of {@code layer}. */
  public int mlpTarget(int layer) {
    return layer * (3 * heads + 1) + 3 * heads;
  }

  /** Column of {@code logits}. */
  public int logitsTarget() {
    return targets() - 1;
  }

  /**
   * Number of sources that write before target column {@code target} reads: its edges come from
   * rows below this.
   */
  public int visibleSources(int target) {
    if (target == logitsTarget()) {
      return sources();
    }
    int layer = target / (3 * heads + 1);
    boolean mlp = target == mlpTarget(layer);
    return headSource(layer) + (mlp && !parallel ? heads : 0);
  }

  /** Row of {@code node}. */
  public int source(Node node) {
    return switch (node) {
      case Node.Input _ -> inputSource();
      case Node.Head(int layer, int head) -> headSource(layer) + head;
      case Node.Mlp(int layer) -> mlpSource(layer);
      case Node.Logits _ ->
          throw new IllegalArgumentException("logits write nothing: they are a target only");
    };
  }

  /** Column of {@code slot} of {@code node}. */
  public int target(Node node, Slot slot) {
    return switch (node) {
      case Node.Input _ ->
          throw new IllegalArgumentException("input reads nothing: it is a source only");
      case Node.Head(int layer, int head) -> headTarget(layer, slot) + head;
      case Node.Mlp(int layer) -> mlpTarget(layer);
      case Node.Logits _ -> logitsTarget();
    };
  }

  /** Columns of all inputs of {@code node}: none of {@code input}, three of a head, else one. */
  public IntStream targets(Node node) {
    return switch (node) {
      case Node.Input _ -> IntStream.empty();
      case Node.Head _ -> HEAD_SLOTS.stream().mapToInt(slot -> target(node, slot));
      case Node.Mlp _, Node.Logits _ -> IntStream.of(target(node, Slot.IN));
    };
  }

  /** Cells of the edges into column {@code target}, ascending. */
  public IntStream edgesInto(int target) {
    return IntStream.range(0, visibleSources(target)).map(row -> row * targets() + target);
  }

  /** Cells of the edges from row {@code source}, ascending. */
  public IntStream edgesFrom(int source) {
    int row = source * targets();
    return IntStream.range(row, row + targets()).filter(this::exists);
  }

  /** Row of the source of the edge at {@code cell}. */
  public int sourceOf(int cell) {
    return cell / targets();
  }

  /** Cell of {@code edge} in a row-major {@code [nSrc, nDst]} matrix. */
  public int cell(Edge edge) {
    return source(edge.source()) * targets() + target(edge.target(), edge.slot());
  }

  @Override
  public int cell(String name) {
    int[] cells = edgeCells();
    return IntStream.of(cells)
        .filter(cell -> edge(cell).toString().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "the model has no edge '%s': edges are named like %s and %s"
                    .formatted(name, edge(cells[0]), edge(cells[cells.length - 1]))));
  }

  /** The source of row {@code index}. */
  public Node sourceNode(int index) {
    if (index == 0) {
      return new Node.Input();
    }
    int layer = (index - 1) / (heads + 1);
    int within = (index - 1) % (heads + 1);
    return within == heads ? new Node.Mlp(layer) : new Node.Head(layer, within);
  }

  /** The node of target column {@code index}. */
  public Node targetNode(int index) {
    if (index == logitsTarget()) {
      return new Node.Logits();
    }
    int layer = index / (3 * heads + 1);
    int within = index % (3 * heads + 1);
    return within == 3 * heads ? new Node.Mlp(layer) : new Node.Head(layer, within % heads);
  }

  /** The slot of target column {@code index}. */
  public Slot targetSlot(int index) {
    int within = index % (3 * heads + 1);
    return index == logitsTarget() || within == 3 * heads
        ? Slot.IN
        : HEAD_SLOTS.get(within / heads);
  }

  /** The edge of {@code cell}, which must be one where {@link #exists}. */
  public Edge edge(int cell) {
    int target = cell % targets();
    return new Edge(sourceNode(cell / targets()), targetNode(target), targetSlot(target));
  }

  /** Whether there is an edge at {@code cell}. */
  public boolean exists(int cell) {
    return cell / targets() < visibleSources(cell % targets());
  }

  /** Number of edges. */
  public int edgeCount() {
    int count = 0;
    for (int target = 0; target < targets(); target++) {
      count += visibleSources(target);
    }
    return count;
  }

  /** Cells of all edges, ascending. */
  public int[] edgeCells() {
    int[] cells = new int[edgeCount()];
    int next = 0;
    for (int cell = 0; cell < cells(); cell++) {
      if (exists(cell)) {
        cells[next++] = cell;
      }
    }
    return cells;
  }

  @Override
  public int[] unitCells() {
    return edgeCells();
  }

  @Override
  public int unitCount() {
    return edgeCount();
  }

  @Override
  public String name(int cell) {
    return edge(cell).toString();
  }

  /** All nodes in layer order: input, then each layer's heads and MLP, then logits. */
  public List<Node> nodes() {
    List<Node> nodes = new ArrayList<>(sources() + 1);
    for (int source = 0; source < sources(); source++) {
      nodes.add(sourceNode(source));
    }
    nodes.add(new Node.Logits());
    return nodes;
  }
}
