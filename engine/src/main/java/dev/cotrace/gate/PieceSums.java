package dev.cotrace.gate;

import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.torch.Scope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Contracts what each piece of a node writes beyond its corrupted self with the cotangent that
 * reaches the node: {@code ∂S/∂z_p = Σ_t ⟨o_p(t) − o'_p(t), Σ_v g_v(t)⟩} over all targets v that
 * read after it. So the pieces of a node add up to the node, and a node to its edges.
 */
final class PieceSums extends UnitSums {
  /** Numbers of a part at once: places are fewer where a dictionary is large. */
  private static final int NUMBERS = 1 << 22;

  /** Zero sums for {@code count} cotangents, in the caller's scope. */
  PieceSums(GatedModel model, Recording recording, SharedPlaces places, int timeParts, int count) {
    super(model, recording, places, timeParts, count, model.units().cells());
  }

  private static int places(Pieces pieces) {
    int widest = pieces.parts().stream().mapToInt(Part::count).max().orElse(1);
    return Math.clamp(NUMBERS / widest, 1, MOST_PLACES);
  }

  /** Bytes that it takes beside what a pass keeps. */
  static long bytes(Footprint footprint, Pieces pieces, long all, int cotangents, long parts) {
    long width = footprint.architecture().width();
    long hidden = footprint.architecture().mlp().width();
    long widest = pieces.parts().stream().mapToInt(Part::count).max().orElse(1);
    long at = Math.min(all, places(pieces));
    long heads = (long) pieces.graph().heads() * width;
    long products = cotangents * Math.max(widest, width) * (2L * footprint.bytes() + EXACT.bytes());
    long compared = 4L * Math.max(widest, hidden) * footprint.bytes();
    long reaching = 3L * cotangents * width * footprint.bytes();
    return at * (heads * footprint.bytes() + products + compared + reaching)
        + parts * pieces.cells() * cotangents * EXACT.bytes();
  }

  @Override
  int placesAtOnce(int count) {
    return places(pieces);
  }

  @Override
  Look look(SomePlaces some, int[] own, Tensor slots) {
    return new OfPieces(some);
  }

  private final class OfPieces extends Look {
    OfPieces(SomePlaces some) {
      super(some);
    }

    @Override
    void add(Cotangents cotangents) {
      if (model.features().cutStream()) {
        cuts(cotangents.cuts());
      } else {
        super.add(cotangents);
      }
    }

    private void cuts(List<Tensor> behind) {
      int cut = 0;
      for (FeatureSite site : model.features().cuts().values()) {
        try (Scope _ = new Scope()) {
          put(cut, amounts.cut(cut, site, some.from()), here(behind.get(cut)));
          cut++;
        }
      }
    }

    @Override
    void mlp(int layer, Tensor reaching, Tensor read) {
      try (Scope _ = new Scope()) {
        put(parts.mlp(layer), amounts.mlp(layer, some.from()), reaching);
      }
    }

    @Override
    void heads(int layer, Tensor reaching) {
      try (Scope _ = new Scope()) {
        List<Amounts> heads = amounts.heads(layer, some.from());
        for (int head = 0; head < heads.size(); head++) {
          try (Scope _ = new Scope()) {
            put(parts.heads(layer) + head, heads.get(head), reaching);
          }
        }
      }
    }

    @Override
    void input(Tensor reaching) {
      put(parts.input(), amounts.input(some.from()), reaching);
    }

    @Override
    void logits(Tensor read) {
      // It reaches what writes, and no unit is told apart by what reads.
    }

    @Override
    void mlpRead(Scope layer) {
      // As of the logits.
    }

    @Override
    void headsRead(Scope layer, Tensor read) {
      // As of the logits.
    }

    /** Adds what every piece of a part has at every place. */
    private void put(int of, Amounts amounts, Tensor reaching) {
      Tensor exact = amounts.along(reaching).to(EXACT.type()); // [C, n, pieces]
      count(exact.sum(2));
      if (isSummed()) {
        sum().narrow(1, pieces.first(of), pieces.count(of)).add_(exact.sum(1));
      }
    }
  }
}
