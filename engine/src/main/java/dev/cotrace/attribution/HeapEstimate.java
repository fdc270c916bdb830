package dev.cotrace.attribution;

import dev.cotrace.attribution.MemoryPrediction.Phase;
import java.util.stream.Stream;

/** What sums and results take of Java's heap, in bytes; a score is two doubles by bin. */
final class HeapEstimate {
  private final RunShape shape;
  private final Settings settings;
  private final long cells;

  HeapEstimate(RunShape shape, Settings settings, long cells) {
    this.shape = shape;
    this.settings = settings;
    this.cells = cells;
  }

  static HeapEstimate of(Workload work) {
    return new HeapEstimate(RunShape.of(work), work.settings(), work.model().units().cells());
  }

  /** Refuses bins whose sums by cluster would take more than half of the heap. */
  void require(Layout layout) {
    long needed = bytes(layout);
    long allowed = Runtime.getRuntime().maxMemory() / 2;
    if (shape.bins() > 0 && needed > allowed) {
      throw new IllegalArgumentException(
          "--bins needs %,d MB for %,d bins of %,d cells of the graph, more than half of Java's %,d MB: choose fewer bins (a lower --max-new-tokens), lower --limit, --points, --batch-rows or --threads, or give Java more with COTRACE_JAVA_OPTS=-Xmx…"
              .formatted(needed >> 20, shape.bins(), cells, allowed >> 19));
    }
  }

  /** The most of any phase. */
  private long bytes(Layout layout) {
    return Stream.of(Phase.values()).mapToLong(phase -> bytes(phase, layout)).max().orElseThrow();
  }

  /**
   * What is alive at one time: gradients that wait to be added are gone before there are scores.
   */
  long bytes(Phase phase, Layout layout) {
    long sums = sums() * clusters() * (3 + 2L * shape.bins());
    long beside =
        switch (phase) {
          case SAMPLING, GRADIENT -> gradients(layout);
          case ENDS -> 0;
          case CIRCUIT, FIXED_TOKENS -> 12 + 6L * shape.bins(); // scores with errors
        };
    return cells * Double.BYTES * (sums + beside);
  }

  /** Those that wait to be added, and those being taken. */
  private long gradients(Layout layout) {
    long groups = shape.groupsOfBatch(layout);
    long threads = shape.together(layout);
    long parts = Math.max(1, shape.bins());
    long waiting = (threads + 1) * groups * 2 * (1 + shape.bins());
    long fresh = threads * groups * parts * shape.gradientsPerRollout() * 2;
    return waiting + fresh;
  }

  /** The clusters there may be in the end; with one prompt, more repeats may follow. */
  private long clusters() {
    int most = settings.until().goesOn() ? Clusters.MOST : settings.repeats();
    int units = shape.pairs() == 1 ? (shape.listed() ? 1 : most) : shape.pairs();
    return Math.min(units, Clusters.MOST);
  }

  /** The adaptive rule keeps a sum for every interval, and one for all of them. */
  private long sums() {
    return settings.quadrature() == Quadrature.ADAPTIVE
        ? 2 + (settings.points() / GaussKronrod.NODES.length - 1) / 2
        : 2;
  }
}
