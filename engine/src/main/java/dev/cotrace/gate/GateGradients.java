package dev.cotrace.gate;

/**
 * The gradient with respect to every edge's gate, one for each of several cotangents.
 *
 * @param edges {@code [part][cotangent]} row-major {@code [nSrc, nDst]}: summed over the positions
 *     of each part
 * @param positions {@code [cotangent][place]}: summed over all edges; where rows share a position
 *     its sum is dealt out to them in equal parts
 */
public record GateGradients(double[][][] edges, double[][] positions) {
  /** Zero for {@code count} cotangents. */
  static GateGradients zero(int parts, int count, int cells, int places) {
    return new GateGradients(new double[parts][count][cells], new double[count][places]);
  }

  /** Puts {@code some} in the place of the cotangents {@code at}. */
  void put(long[] at, GateGradients some) {
    for (int i = 0; i < at.length; i++) {
      int own = Math.toIntExact(at[i]);
      positions[own] = some.positions[i];
      for (int part = 0; part < edges.length; part++) {
        edges[part][own] = some.edges[part][i];
      }
    }
  }
}
