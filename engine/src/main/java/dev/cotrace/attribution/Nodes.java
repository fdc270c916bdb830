package dev.cotrace.attribution;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * Gate values with their weights in the integral.
 *
 * @param alpha gate of each node; with a width, the lower end of its stratum
 * @param width of the stratum that a job draws its gate from; 0 where the node is the gate
 * @param weight of each node
 * @param coarse weight of each node in the coarser rule, where the rule is nested
 * @param writers how often a rule is repeated, for one writer after the other
 */
record Nodes(double[] alpha, double width, double[] weight, double[] coarse, int writers) {
  /** A rule that is not nested. */
  static Nodes of(Quadrature quadrature, int points) {
    Quadrature.Rule rule = quadrature.rule(points);
    double width = quadrature == Quadrature.STRATIFIED ? 1.0 / points : 0;
    return new Nodes(rule.nodes(), width, rule.weights(), rule.weights(), 1);
  }

  /** The nested Gauss–Kronrod rule on an interval. */
  static Nodes gaussKronrod(double from, double to) {
    double width = to - from;
    return new Nodes(
        Arrays.stream(GaussKronrod.NODES).map(x -> from + width * x).toArray(),
        0,
        Arrays.stream(GaussKronrod.FINE).map(w -> width * w).toArray(),
        Arrays.stream(GaussKronrod.COARSE).map(w -> width * w).toArray(),
        1);
  }

  /** This rule for each of {@code writers}, which count the same. */
  Nodes forWriters(int writers) {
    double[] share = Arrays.stream(weight).map(w -> w / writers).toArray();
    double[] coarseShare = Arrays.stream(coarse).map(w -> w / writers).toArray();
    return new Nodes(
        repeated(alpha, writers),
        width,
        repeated(share, writers),
        repeated(coarseShare, writers),
        writers);
  }

  /** The rule itself, once. */
  Nodes ofGates() {
    int own = count() / writers;
    return new Nodes(
        Arrays.copyOf(alpha, own),
        width,
        Arrays.stream(weight).limit(own).map(w -> w * writers).toArray(),
        Arrays.stream(coarse).limit(own).map(w -> w * writers).toArray(),
        1);
  }

  private static double[] repeated(double[] values, int times) {
    return joined(Collections.nCopies(times, values).stream());
  }

  /** All nodes of several rules of the same width, each for one writer or of a single rule. */
  static Nodes together(List<Nodes> rules) {
    return new Nodes(
        joined(rules.stream().map(Nodes::alpha)),
        rules.getFirst().width,
        joined(rules.stream().map(Nodes::weight)),
        joined(rules.stream().map(Nodes::coarse)),
        rules.getFirst().writers);
  }

  private static double[] joined(Stream<double[]> parts) {
    return parts.flatMapToDouble(Arrays::stream).toArray();
  }

  /** Number of nodes. */
  int count() {
    return alpha.length;
  }

  /** The writer that a node is about. */
  int writer(int node) {
    return node / (count() / writers);
  }

  /** The gate at a node, {@code uniform} in [0, 1) picking it from its stratum. */
  double gate(int node, double uniform) {
    return width == 0 ? alpha[node] : Math.min(1, alpha[node] + width * uniform);
  }
}
