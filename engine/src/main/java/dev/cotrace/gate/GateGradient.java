package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.model.PackedRows;
import dev.cotrace.model.PullBack;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * The gradient with respect to every edge's gate, in one pass back through the layers of recorded
 * sequences.
 *
 * <p>METHOD §4: {@code ∂S/∂z_uv = Σ_t ⟨o_u(t) − o'_u(t), g_v(t)⟩} with {@code g_v = ∂S/∂in_v},
 * before the norm and apart for each head's q, k and v. At uniform gates the cotangent of every
 * source's output is α times the sum of the g_v of all later targets, where only the input is gated
 * it is that sum, so one running sum carries the gradient down. Rows go back a few at a time, those
 * of similar length together.
 */
public final class GateGradient {
  /** Places that go back together: enough for the matrix products, few enough for the caches. */
  static final int PLACES_AT_ONCE = 1024;

  private final GatedModel model;
  private final PullBack pullBack;

  /** The gradients of {@code model}. */
  public GateGradient(GatedModel model) {
    this.model = model;
    pullBack = new PullBack(model.decoder());
  }

  /**
   * Gradients of each part, for each of several cotangents; those that are zero everywhere cost
   * nothing.
   *
   * @param cotangents of what the logits read at every place, {@code [C, N, D]}
   */
  public GateGradients of(Recording recording, Tensor cotangents, Parts parts) {
    if (parts.partOf().size() != recording.slots().size()) {
      throw new IllegalArgumentException(
          "parts: expected all %d rows of the batch, got %d"
              .formatted(recording.slots().size(), parts.partOf().size()));
    }
    try (Scope _ = new Scope()) {
      double[] largest = Placement.toDoubles(cotangents.abs().amax(new long[] {1, 2}, false));
      GateGradients all =
          GateGradients.zero(
              parts.count(), largest.length, model.graph().cells(), recording.places());
      long[] given =
          IntStream.range(0, largest.length).filter(i -> largest[i] != 0).asLongStream().toArray();
      if (given.length > 0) {
        Tensor some = cotangents.index_select(0, model.placement().indices(given, given.length));
        all.put(given, ofAll(recording, some, parts));
      }
      return all;
    }
  }

  private GateGradients ofAll(Recording recording, Tensor cotangents, Parts parts) {
    Contraction contraction =
        new Contraction(model, recording, parts, Math.toIntExact(cotangents.size(0)));
    for (List<Integer> rows : passes(recording)) {
      try (Scope _ = new Scope()) {
        pass(recording, rows, cotangents, contraction);
      }
    }
    return contraction.toArrays();
  }

  /** Rows from the longest to the shortest, a few at a time. */
  private static List<List<Integer>> passes(Recording recording) {
    List<Integer> byLength =
        IntStream.range(0, recording.slots().size())
            .boxed()
            .sorted(
                Collections.reverseOrder(
                    Comparator.comparingInt(row -> recording.slots().get(row).length)))
            .toList();
    List<List<Integer>> passes = new ArrayList<>();
    int places = PLACES_AT_ONCE;
    for (int row : byLength) {
      places += recording.slots().get(row).length;
      if (places > PLACES_AT_ONCE) {
        passes.add(new ArrayList<>());
        places = recording.slots().get(row).length;
      }
      passes.getLast().add(row);
    }
    return passes;
  }

  private void pass(
      Recording recording, List<Integer> rows, Tensor cotangents, Contraction contraction) {
    Places places = Places.of(recording, rows);
    Placement placement = model.placement();
    ComputationGraph graph = model.graph();
    Tensor slots = placement.indices(places.slots(), places.slots().length);
    Tensor alpha = placement.tensor(places.alpha(), places.alpha().length, 1);
    PackedRows packed = new PackedRows(model.decoder(), places.lengths());
    Tensor stream =
        cotangents.index_select(1, placement.indices(places.index(), places.index().length));
    Tensor logits = stream.clone();
    stream.mul_(alpha);
    List<Tensor> heads = new ArrayList<>(Collections.nCopies(graph.layers(), stream));
    List<Tensor> mlps = new ArrayList<>(Collections.nCopies(graph.layers(), stream));
    for (int layer = graph.layers() - 1; layer >= 0; layer--) {
      Torch.checkInterrupted();
      try (Scope scope = new Scope()) {
        Tensor mlp = pullBack.mlp(layer, recording.tape().mlpReads(layer, slots), stream);
        if (!graph.parallel()) {
          stream.addcmul_(mlp, alpha);
        }
        PullBack.Heads attention =
            pullBack.heads(layer, recording.tape().headReads(layer, slots), packed, stream);
        if (graph.parallel()) {
          stream.addcmul_(mlp, alpha);
        }
        stream.addcmul_(attention.reads(), alpha);
        mlps.set(layer, scope.keep(mlp));
        heads.set(layer, scope.keep(attention.projections()));
      }
    }
    contraction.add(places, slots, new Contraction.Cotangents(logits, heads, mlps));
  }

  /**
   * The places of a pass.
   *
   * @param index of each among those of the recording
   * @param slots of each on the tape
   * @param sources slots of each on the tape of the differences
   * @param row of each in the recording
   * @param position of each in its row
   * @param alpha share of an earlier source's output in what is read at each
   * @param lengths of the rows
   */
  record Places(
      long[] index,
      long[] slots,
      long[] sources,
      int[] row,
      int[] position,
      double[] alpha,
      int[] lengths) {
    private static Places of(Recording recording, List<Integer> rows) {
      int[] first = recording.firstPlaces();
      int[] lengths = rows.stream().mapToInt(row -> recording.slots().get(row).length).toArray();
      int count = Arrays.stream(lengths).sum();
      Places places =
          new Places(
              new long[count],
              new long[count],
              new long[count],
              new int[count],
              new int[count],
              new double[count],
              lengths);
      int at = 0;
      for (int row : rows) {
        int[] slots = recording.slots().get(row);
        int[] sources = recording.sources().slots().get(row);
        for (int t = 0; t < slots.length; t++) {
          places.index[at] = (long) first[row] + t;
          places.slots[at] = slots[t];
          places.sources[at] = sources[t];
          places.row[at] = row;
          places.position[at] = t;
          places.alpha[at] = recording.gate(row);
          at++;
        }
      }
      return places;
    }
  }
}
