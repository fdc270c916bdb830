package dev.cotrace.gate;

/**
 * The gradient with respect to every unit's gate, one for each of several cotangents.
 *
 * @param units {@code [part][cotangent][cell]}, of edges row-major {@code [nSrc, nDst]}: summed
 *     over the positions of each part
 * @param positions {@code [cotangent][place]}: summed over all units; where rows share a position
 *     its sum is dealt out to them in equal parts
 */
public record GateGradients(double[][][] units, double[][] positions) {
  /** Zero for {@code count} cotangents. */
  static GateGradients zero(int parts, int count, int cells, int places) {
    return new GateGradients(new double[parts][count][cells], new double[count][places]);
  }

  /** Puts {@code some} in the place of the cotangents {@code at}. */
  void put(long[] at, GateGradients some) {
    for (int i = 0; i < at.length; i++) {
      int own = Math.toIntExact(at[i]);
      positions[own] = some.positions[i];
      for (int part = 0; part < units.length; part++) {
        units[part][own] = some.units[part][i];
      }
    }
  }
}
