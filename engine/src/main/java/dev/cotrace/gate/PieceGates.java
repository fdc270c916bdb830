package dev.cotrace.gate;

import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.gate.PieceAmounts.Compared;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A gate for every piece, put to what is written at the places of live rows. */
record PieceGates(Placement placement, Pieces pieces, double[] z) {
  /** Places at a time: every unit of a part has a number at each of them. */
  private static final int PLACES = 256;

  /**
   * Bytes that it takes beside a plain run: what heads write one by one, the differences of a node,
   * what an MLP read, and at some places all units of the widest part, live and corrupted, with
   * what they are made of.
   */
  static long bytes(Footprint footprint, Pieces pieces, long places, int blocks) {
    long width = footprint.architecture().width();
    long hidden = footprint.architecture().mlp().width();
    long widest = pieces.parts().stream().mapToInt(Part::count).max().orElse(1);
    long whole = places * (pieces.graph().heads() + 2L + blocks) * width;
    long tile = Math.min(places, PLACES) * 4 * Math.max(widest, hidden);
    return (whole + tile + widest) * footprint.bytes();
  }

  /** Whether a gate of the part is not 1. */
  boolean isGated(int part) {
    return pieces.cells(part).anyMatch(cell -> z[cell] != 1);
  }

  /** Some of the places of the live rows, one after another. */
  record Tile(int from, int count) {
    /** {@code x [rows, time, …]} there, {@code [count, …]} with all that follows side by side. */
    Tensor of(Tensor x) {
      return x.reshape(x.size(0) * x.size(1), -1).narrow(0, from, count);
    }

    /** What is at all places of live rows, or one value for all, there. */
    Compared of(Compared compared) {
      @Nullable Tensor other = compared.corrupted();
      return new Compared(of(compared.live()), other == null ? null : of(other));
    }
  }

  /**
   * Adds {@code Σ_p (z_p − 1)(o_p − o'_p)} of the parts from {@code first} on.
   *
   * @param live what is added to, {@code [rows, time, D]}
   * @param amounts of these parts at some places
   */
  void addTo(Tensor live, int first, Function<Tile, List<Amounts>> amounts) {
    Tensor places = live.view(live.size(0) * live.size(1), -1);
    int count = Math.toIntExact(places.size(0));
    Map<Integer, Tensor> factors = new HashMap<>(); // by part, the same at all places
    for (int from = 0; from < count; from += PLACES) {
      Tile tile = new Tile(from, Math.min(PLACES, count - from));
      try (Scope scope = new Scope()) {
        Tensor written = places.narrow(0, tile.from, tile.count);
        List<Amounts> each = amounts.apply(tile);
        for (int i = 0; i < each.size(); i++) {
          if (isGated(first + i)) {
            written.add_(
                each.get(i)
                    .sum(factors.computeIfAbsent(first + i, part -> scope.keep(factors(part)))));
          }
        }
      }
    }
  }

  /** z − 1 of the pieces of a part. */
  private Tensor factors(int part) {
    double[] factors = pieces.cells(part).mapToDouble(cell -> z[cell] - 1).toArray();
    return placement.tensor(factors, factors.length);
  }
}
