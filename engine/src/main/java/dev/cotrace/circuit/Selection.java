package dev.cotrace.circuit;

import dev.cotrace.circuit.Circuit.Ranking;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * How the edges of a circuit are chosen from scores. Of edges that rank alike the one with the
 * smaller cell comes first; an edge without a score (NaN) ranks above all that have one.
 */
public sealed interface Selection {
  /**
   * The {@code size} highest-ranked edges.
   *
   * @param size at most the number of edges
   */
  record Top(int size, Ranking ranking) implements Selection {
    @Override
    public String words() {
      return "top %d by %s".formatted(size, ranking.score());
    }
  }

  /**
   * {@code size} edges grown from the logits: each next one is the highest-ranked of the edges into
   * {@code logits} and into the sources of those chosen so far (EAP-IG's greedy search). Every one
   * leads to the logits; those that no path from the input reaches are pruned all the same.
   *
   * @param size at most the number of edges
   */
  record Greedy(int size, Ranking ranking) implements Selection {
    @Override
    public String words() {
      return "greedy %d by %s".formatted(size, ranking.score());
    }
  }

  /**
   * All edges that rank at {@code least} or higher.
   *
   * @param least in the unit of J, above zero
   */
  record Threshold(double least, Ranking ranking) implements Selection {
    /** Refuses a threshold that edges without an effect pass. */
    public Threshold {
      if (!(least > 0) || Double.isInfinite(least)) {
        throw new IllegalArgumentException(
            "a threshold of scores must be a number above 0, got " + least);
      }
    }

    @Override
    public String words() {
      return "%s at least %s".formatted(ranking.score(), least);
    }
  }

  /**
   * All edges with a q-value below {@code level} ({@link Significance}): among the edges chosen,
   * before pruning, the expected share of those whose score is zero is at most that.
   *
   * @param level above 0, at most 1
   */
  record Significant(double level) implements Selection {
    /** Refuses what is no share. */
    public Significant {
      if (!(level > 0 && level <= 1)) {
        throw new IllegalArgumentException(
            "a level of significance must be above 0 and at most 1, got " + level);
      }
    }

    @Override
    public String words() {
      return "q-value below " + level;
    }
  }

  /** This in words, for example {@code top 200 by absolute score}. */
  String words();

  /** The chosen edges without those that are not connected: pruning may leave fewer, or none. */
  default Circuit of(Attribution attribution) {
    Units units = attribution.units();
    Circuit chosen =
        switch (this) {
          case Top(int size, Ranking ranking) ->
              Circuit.ranked(units, rank(attribution, ranking), size);
          case Greedy(int size, Ranking ranking) ->
              grown(edges(units), rank(attribution, ranking), size);
          case Threshold(double least, Ranking ranking) -> {
            double[] rank = rank(attribution, ranking);
            yield Circuit.where(units, cell -> !(rank[cell] < least));
          }
          case Significant(double level) -> {
            double[] q = attribution.significance().q();
            yield Circuit.where(units, cell -> q[cell] < level);
          }
        };
    return chosen.pruned();
  }

  private static double[] rank(Attribution attribution, Ranking ranking) {
    return Circuit.rank(attribution.total().values(), ranking, attribution.direction());
  }

  private static ComputationGraph edges(Units units) {
    if (units instanceof ComputationGraph graph) {
      return graph;
    }
    throw new IllegalArgumentException(
        "the greedy selection grows a circuit edge by edge, and these scores are of %s: take the top"
            .formatted(units.nouns()));
  }

  private static Circuit grown(ComputationGraph graph, double[] rank, int size) {
    Comparator<Integer> order = Circuit.highestFirst(rank);
    PriorityQueue<Integer> candidates = new PriorityQueue<>(order);
    boolean[] reached = new boolean[graph.sources()];
    boolean[] edges = new boolean[graph.cells()];
    graph.edgesInto(graph.logitsTarget()).forEach(candidates::add);
    for (int taken = 0; taken < size && !candidates.isEmpty(); taken++) {
      int cell = candidates.remove();
      edges[cell] = true;
      int source = graph.sourceOf(cell);
      if (!reached[source]) {
        reached[source] = true;
        graph.targets(graph.sourceNode(source)).flatMap(graph::edgesInto).forEach(candidates::add);
      }
    }
    return new Circuit(graph, edges);
  }
}
