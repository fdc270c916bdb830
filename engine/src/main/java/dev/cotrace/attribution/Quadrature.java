package dev.cotrace.attribution;

import java.util.Arrays;
import java.util.Locale;

/** Rules for the integral over gates {@code ∫_0^1 f(α) dα ≈ Σ_k w_k f(α_k)} (METHOD §5). */
public enum Quadrature {
  /**
   * Gauss–Kronrod 7/15, intervals halved where their own error estimate exceeds the sampling error.
   */
  ADAPTIVE,
  /** Exact for polynomials of degree 2m − 1. */
  GAUSS_LEGENDRE,
  /** {@code (k + ½)/m}. */
  MIDPOINT,
  /** {@code k/(m − 1)}, the ends at half weight. */
  TRAPEZOID,
  /** {@code k/m} for k = 0 … m − 1, as EAP-IG takes its steps. */
  LEFT,
  /** {@code k/m} for k = 1 … m. */
  RIGHT,
  /** {@code k/(m − 1)}, all at equal weight. */
  UNIFORM,
  /** One gate drawn from each of m equal parts of [0, 1], anew for every group: no rule's error. */
  STRATIFIED,
  /** The clean end alone: attribution patching (EAP), no integral. */
  EAP;

  /**
   * Nodes in [0, 1] and their weights, which add up to 1.
   *
   * @param nodes α_k
   * @param weights w_k
   */
  public record Rule(double[] nodes, double[] weights) {}

  /** The rule's name on the command line, for example {@code gauss-legendre}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The rule called {@code label}. */
  public static Quadrature of(String label) {
    for (Quadrature quadrature : values()) {
      if (quadrature.label().equals(label)) {
        return quadrature;
      }
    }
    throw new IllegalArgumentException(
        "unknown quadrature '%s': expected adaptive, gauss-legendre, midpoint, trapezoid, left, right, uniform, stratified or eap"
            .formatted(label));
  }

  /** Fewest points the rule is defined for. */
  public int fewestPoints() {
    return switch (this) {
      case ADAPTIVE -> GaussKronrod.NODES.length;
      case GAUSS_LEGENDRE, MIDPOINT, LEFT, RIGHT, STRATIFIED, EAP -> 1;
      case TRAPEZOID, UNIFORM -> 2;
    };
  }

  /**
   * The fixed rule of {@code points} nodes; {@link #ADAPTIVE} has none, and the nodes of {@link
   * #STRATIFIED} are the lower ends of its parts.
   */
  public Rule rule(int points) {
    if (points < fewestPoints()) {
      throw new IllegalArgumentException(
          "quadrature %s needs at least %d points, got %d"
              .formatted(label(), fewestPoints(), points));
    }
    double[] nodes = new double[points];
    double[] weights = new double[points];
    Arrays.fill(weights, 1.0 / points);
    switch (this) {
      case ADAPTIVE ->
          throw new IllegalStateException("the adaptive rule chooses its points as it goes");
      case GAUSS_LEGENDRE -> gaussLegendre(nodes, weights);
      case MIDPOINT -> Arrays.setAll(nodes, k -> (k + 0.5) / points);
      case LEFT, STRATIFIED -> Arrays.setAll(nodes, k -> (double) k / points);
      case RIGHT -> Arrays.setAll(nodes, k -> (k + 1.0) / points);
      case EAP -> {
        return new Rule(new double[] {1}, new double[] {1});
      }
      case UNIFORM -> Arrays.setAll(nodes, k -> (double) k / (points - 1));
      case TRAPEZOID -> {
        Arrays.setAll(nodes, k -> (double) k / (points - 1));
        Arrays.fill(weights, 1.0 / (points - 1));
        weights[0] /= 2;
        weights[points - 1] /= 2;
      }
    }
    return new Rule(nodes, weights);
  }

  /** Roots of the Legendre polynomial by Newton's method, ascending, mapped to [0, 1]. */
  private static void gaussLegendre(double[] nodes, double[] weights) {
    int n = nodes.length;
    for (int k = 0; k < n; k++) {
      double x = -Math.cos(Math.PI * (k + 0.75) / (n + 0.5));
      double slope = 0;
      for (int iteration = 0; iteration < 100; iteration++) {
        double previous = 1;
        double value = x;
        for (int degree = 2; degree <= n; degree++) {
          double next = ((2 * degree - 1) * x * value - (degree - 1) * previous) / degree;
          previous = value;
          value = next;
        }
        slope = n * (x * value - previous) / (x * x - 1);
        double step = value / slope;
        x -= step;
        if (Math.abs(step) < 1e-16) {
          break;
        }
      }
      nodes[k] = (x + 1) / 2;
      weights[k] = 1 / ((1 - x * x) * slope * slope);
    }
  }
}
