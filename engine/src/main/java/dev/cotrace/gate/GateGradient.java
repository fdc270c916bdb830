package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.gate.SharedPlaces.Stretch;
import dev.cotrace.model.PackedRows;
import dev.cotrace.model.PullBack;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The gradient with respect to the gate of every edge, or other unit, in one pass back through the
 * layers of recorded sequences.
 *
 * <p>METHOD §4: {@code ∂S/∂z_uv = Σ_t ⟨o_u(t) − o'_u(t), g_v(t)⟩} with {@code g_v = ∂S/∂in_v},
 * before the norm and apart for each head's q, k and v. At uniform gates the cotangent of every
 * source's output is α times the sum of the g_v of all later targets, where one writer is held it
 * is that sum but for this writer's own, so one running sum carries the gradient down. Places that
 * rows share go back once, a few stretches at a time: first those that follow, whose part in the
 * keys and values of their stems waits for these ({@link StemCotangents}).
 */
public final class GateGradient {
  /** Places that go back together: enough for the matrix products, few enough for the caches. */
  static final int PLACES_AT_ONCE = 1024;

  private final GatedModel model;
  private final int placesAtOnce;
  private final PullBack pullBack;

  /** The gradients of {@code model}. */
  public GateGradient(GatedModel model) {
    this(model, PLACES_AT_ONCE);
  }

  GateGradient(GatedModel model, int placesAtOnce) {
    this.model = model;
    this.placesAtOnce = placesAtOnce;
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
              parts.count(), largest.length, model.units().cells(), recording.places());
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
    SharedPlaces places = new SharedPlaces(recording, parts);
    long count = cotangents.size(0);
    Tensor shared = cotangents.new_zeros(count, places.count(), cotangents.size(2));
    long[] index = places.ofRecording();
    shared.index_add_(1, model.placement().indices(index, index.length), cotangents);
    GateSums sums = sums(recording, places, parts.count(), Math.toIntExact(count));
    StemCotangents stems = new StemCotangents(model, places, count);
    for (List<Stretch> stretches : places.passes(placesAtOnce)) {
      try (Scope _ = new Scope()) {
        new Pass(recording, places, stretches).goBack(shared, stems, sums);
      }
    }
    return sums.toArrays();
  }

  private GateSums sums(Recording recording, SharedPlaces places, int parts, int count) {
    return switch (model.units()) {
      case ComputationGraph _ -> new Contraction(model, recording, places, parts, count);
      case Pieces _ -> new PieceSums(model, recording, places, parts, count);
      case UnitEdges edges -> new UnitEdgeSums(model, edges, recording, places, parts, count);
    };
  }

  /** Some stretches that go back together. Its tensors belong to the scope it was made in. */
  private final class Pass {
    private final Recording recording;
    private final int[] own; // places
    private final int[] ofStems; // places of the stems, one after the other
    private final Tensor index; // of own
    private final Tensor slots; // on the tape, of own
    private final Tensor allSlots; // of own and ofStems
    private final Tensor alpha; // [n, 1]
    private final Tensor ofReads; // share of an earlier source in what is read, [n, 1]
    private final int[] held; // a writer, or −1
    private final PackedRows rows;

    Pass(Recording recording, SharedPlaces places, List<Stretch> stretches) {
      this.recording = recording;
      Placement placement = model.placement();
      own = stretches.stream().flatMapToInt(Stretch::places).toArray();
      Map<Integer, Stretch> stems = new LinkedHashMap<>();
      stretches.stream()
          .filter(stretch -> stretch.start() > 0)
          .forEach(stretch -> stems.putIfAbsent(stretch.stemName(), stretch));
      ofStems = stems.values().stream().flatMapToInt(Stretch::stemPlaces).toArray();
      List<Integer> names = List.copyOf(stems.keySet());
      rows =
          new PackedRows(
              model.decoder(),
              stretches.stream().mapToInt(Stretch::length).toArray(),
              new PackedRows.Stems(
                  stems.values().stream().mapToInt(Stretch::start).toArray(),
                  stretches.stream().mapToInt(s -> names.indexOf(s.stemName())).toArray()));
      index = indices(own);
      int[] all = IntStream.concat(Arrays.stream(own), Arrays.stream(ofStems)).toArray();
      allSlots = placement.indices(places.slots(all), all.length);
      slots = allSlots.narrow(0, 0, own.length);
      alpha = placement.tensor(places.alpha(own), own.length, 1);
      ofReads = model.features().cutStream() ? torch.ones_like(alpha) : alpha;
      held = places.held(own);
    }

    private Tensor indices(int[] places) {
      long[] wide = Arrays.stream(places).asLongStream().toArray();
      return model.placement().indices(wide, wide.length);
    }

    /** The cotangent of what {@code writer} wrote: none where that is held. */
    private Tensor reaching(int writer, Tensor stream) {
      if (Arrays.stream(held).noneMatch(w -> w == writer)) {
        return stream;
      }
      double[] open = Arrays.stream(held).mapToDouble(w -> w == writer ? 0 : 1).toArray();
      return stream.mul(model.placement().tensor(open, open.length, 1));
    }

    /** Whether nothing is gated before the first layer that is still to come. */
    private boolean isDone(List<Tensor> cuts) {
      return model.features().cutStream() && cuts.size() == model.features().cuts().size();
    }

    /**
     * Where the stream is cut after so many writers: keeps the cotangent of what went on, and goes
     * on with that of what came.
     *
     * @return what is kept
     */
    private List<Tensor> cut(int writers, Tensor stream, List<Tensor> cuts) {
      if (!model.features().cuts().containsKey(writers)) {
        return List.of();
      }
      Tensor behind = stream.clone();
      cuts.add(behind);
      stream.mul_(alpha);
      return List.of(behind);
    }

    /**
     * Goes back through all layers.
     *
     * @param cotangents of what the logits read at every shared place, {@code [C, places, D]}
     */
    void goBack(Tensor cotangents, StemCotangents stems, GateSums sums) {
      ComputationGraph graph = model.graph();
      Tape tape = recording.tape();
      Tensor stream = cotangents.index_select(1, index);
      Tensor logits = stream.clone();
      List<Tensor> cuts = new ArrayList<>();
      stream.mul_(ofReads);
      List<Tensor> heads = new ArrayList<>(Collections.nCopies(graph.layers(), stream));
      List<Tensor> mlps = new ArrayList<>(Collections.nCopies(graph.layers(), stream));
      cut(graph.writers(), stream, cuts);
      for (int layer = graph.layers() - 1; layer >= 0 && !isDone(cuts); layer--) {
        Torch.checkInterrupted();
        try (Scope scope = new Scope()) {
          Tensor mlp =
              pullBack.mlp(
                  layer, tape.mlpReads(layer, slots), reaching(graph.mlpWriter(layer), stream));
          if (!graph.parallel()) {
            stream.addcmul_(mlp, ofReads);
            cut(graph.mlpWriter(layer), stream, cuts).forEach(scope::keep);
          }
          PullBack.Heads attention =
              pullBack.heads(
                  layer,
                  tape.headReads(layer, allSlots),
                  rows,
                  reaching(graph.headsWriter(layer), stream),
                  stems.at(layer, own));
          stems.add(layer, ofStems, attention.stems());
          if (graph.parallel()) {
            stream.addcmul_(mlp, ofReads);
          }
          stream.addcmul_(attention.reads(), ofReads);
          cut(graph.headsWriter(layer), stream, cuts).forEach(scope::keep);
          mlps.set(layer, scope.keep(mlp));
          heads.set(layer, scope.keep(sums.ofHeads(attention)));
        }
      }
      sums.add(own, slots, new GateSums.Cotangents(logits, heads, mlps, cuts.reversed()));
    }
  }
}
