package dev.cotrace.gate;

import static java.util.Objects.requireNonNull;

import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * As {@link PieceSums}, but apart for all that reads: {@code ∂S/∂z_pv = Σ_t ⟨o_p(t) − o'_p(t),
 * g_v(t)⟩}. So the edges that leave a piece add up to the piece.
 *
 * <p>What reaches an MLP's output goes on to what it read, {@code g = Jᵀ c}. Of that a feature's
 * part is what goes through its own activation, {@code ∂a_j/∂read · ⟨d_j, c⟩}, and the rest is the
 * rest's: they add up to the MLP.
 */
final class UnitEdgeSums extends UnitSums {
  /** Numbers of all targets' cotangents at once. */
  private static final int NUMBERS = 1 << 23;

  private final UnitEdges edges;
  private final Tape reads;

  /** Zero sums for {@code count} cotangents, in the caller's scope. */
  UnitEdgeSums(
      GatedModel model,
      UnitEdges edges,
      Recording recording,
      SharedPlaces places,
      int timeParts,
      int count) {
    super(
        new GatedModel(model.decoder(), edges.pieces(), model.features()),
        recording,
        places,
        timeParts,
        count,
        edges.shape());
    this.edges = edges;
    reads = recording.tape();
  }

  private static int places(UnitEdges edges, int cotangents, long width) {
    long perPlace = (long) edges.targets() * cotangents * width;
    return (int) Math.clamp(NUMBERS / perPlace, 1, MOST_PLACES);
  }

  /** Bytes that it takes beside what a pass keeps. */
  static long bytes(Footprint footprint, UnitEdges edges, long all, int cotangents, long parts) {
    long width = footprint.architecture().width();
    long widest = edges.pieces().parts().stream().mapToInt(Part::count).max().orElse(1);
    long at = Math.min(all, places(edges, cotangents, width));
    long targets = 3L * cotangents * edges.targets() * width;
    long compared = 4L * Math.max(widest, footprint.architecture().mlp().width());
    return at * (targets + compared) * footprint.bytes()
        + parts * edges.cells() * cotangents * EXACT.bytes();
  }

  @Override
  int placesAtOnce(int count) {
    return places(edges, count, model.decoder().architecture().width());
  }

  @Override
  Look look(SomePlaces some, int[] own, Tensor slots) {
    double[] alpha = places.alpha(own);
    return new OfEdges(
        some,
        model.placement().tensor(alpha, alpha.length, 1),
        slots.index_select(0, some.index()));
  }

  private final class OfEdges extends Look {
    private final Tensor slots; // of the reads
    private final Tensor alpha; // [n, 1]
    private final List<Tensor> reading = new ArrayList<>(); // [k, C, n, D], the last first
    private @Nullable Tensor mlpReading; // of the MLP that has written, until it has read

    OfEdges(SomePlaces some, Tensor alpha, Tensor slots) {
      super(some);
      this.slots = slots;
      this.alpha = alpha;
    }

    @Override
    void logits(Tensor read) {
      reading.add(read.unsqueeze(0));
    }

    @Override
    void mlp(int layer, Tensor reaching, Tensor read) {
      try (Scope scope = new Scope()) {
        Amounts written = amounts.mlp(layer, some.from());
        put(parts.mlp(layer), written);
        mlpReading = scope.keep(apart(layer, written, reaching, read));
      }
    }

    /** What reaches the input of an MLP, apart for each of its targets, {@code [k, C, n, D]}. */
    private Tensor apart(int layer, Amounts written, Tensor reaching, Tensor read) {
      int of = parts.mlp(layer);
      int features = edges.targetsOf(of).length - 1;
      if (features == 0 || !(written instanceof Amounts.Features cut)) {
        return read.unsqueeze(0).clone();
      }
      // The error is chosen, but reads with the rest.
      long[] chosen = Arrays.copyOf(edges.chosenOf(of), features);
      Tensor own = model.placement().indices(chosen, features);
      FeatureSite site = cut.site();
      Tensor active = amounts.liveFeatures(layer, some.from(), site).index_select(1, own);
      Tensor each = site.along(reaching, own).mul(alpha);
      Tensor apart =
          site.reads(reads.mlpReads(layer, slots), own, active.ne(active.new_zeros(1)), each);
      Tensor rest = read.sub(apart.sum(0)).unsqueeze(0);
      return torch.cat(new TensorVector(apart, rest), 0);
    }

    @Override
    void mlpRead(Scope layer) {
      reading.addFirst(layer.keep(requireNonNull(mlpReading)));
    }

    @Override
    void heads(int layer, Tensor reaching) {
      try (Scope _ = new Scope()) {
        List<Amounts> heads = amounts.heads(layer, some.from());
        for (int head = 0; head < heads.size(); head++) {
          put(parts.heads(layer) + head, heads.get(head));
        }
      }
    }

    @Override
    void headsRead(Scope layer, Tensor read) {
      reading.addFirst(layer.keep(read.unsqueeze(0)));
    }

    @Override
    void input(Tensor reaching) {
      put(parts.input(), amounts.input(some.from()));
    }

    /** Adds what every chosen piece of a part, and its rest, have with all that reads after it. */
    private void put(int of, Amounts amounts) {
      try (Scope _ = new Scope()) {
        Tensor later = torch.cat(new TensorVector(reading.toArray(Tensor[]::new)), 0);
        Tensor whole = along(later, amounts.whole()); // [k, C, n]
        count(whole.sum(0));
        if (!isSummed()) {
          return;
        }
        long first = edges.targets() - later.size(0);
        int[] rows = edges.sourcesOf(of);
        long[] chosen = edges.chosenOf(of);
        Tensor rest = whole.sum(2);
        for (int i = 0; i < chosen.length; i++) {
          Tensor score = along(later, amounts.piece(chosen[i])).sum(2); // [k, C]
          add(rows[i], first, score);
          rest.sub_(score);
        }
        if (rows.length > chosen.length) {
          add(rows[chosen.length], first, rest);
        }
      }
    }

    private static Tensor along(Tensor later, Tensor piece) {
      return later.mul(piece).sum(new long[] {3}, false, null).to(EXACT.type());
    }

    private void add(int row, long first, Tensor scores) {
      sum().select(1, row).narrow(1, first, scores.size(0)).add_(scores.t());
    }
  }
}
