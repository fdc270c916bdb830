package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.PackedRows;
import dev.cotrace.model.PullBack;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Whole sequences in a run with a gate for every edge, and the gradient with respect to each gate.
 *
 * <p>As at one gate for all edges (METHOD §4), {@code ∂S/∂z_uv = Σ_t ⟨o_u(t) − o'_u(t), g_v(t)⟩}.
 * But the cotangent of a source's output is {@code Σ_v z_uv g_v}, another sum for every source: all
 * of them are carried down the layers, {@code [nSrc, N, D]}. What a target read is made anew from
 * the sources' differences. Places are the positions of all rows, one after another.
 */
public final class MaskedRun implements AutoCloseable {
  private final GatedModel model;
  private final SequencePairs sequences;
  private final Holder gates; // [nSrc, nDst]
  private final Holder differences = new Holder(); // [nSrc, N, D]
  private final Map<Integer, Holder> shut = new HashMap<>(); // [N, D], by first target
  private final Holder finalReads = new Holder(); // [N, D]

  /** Runs {@code sequences} at {@code gates}, each from position 0. */
  public MaskedRun(GatedModel model, Gates.PerEdge gates, SequencePairs sequences) {
    this.model = model;
    this.sequences = sequences;
    Blocks blocks = sequences.blocks();
    int time = sequences.longest();
    long[] padding = new long[blocks.total()];
    ComputationGraph graph = model.graph();
    try (Scope _ = new Scope();
        CorruptedSide corrupted = new CorruptedSide(model, sequences.corruption(), time);
        KvCache cache = model.cache(gates, time, padding);
        MaskedStream stream =
            new MaskedStream(
                model, blocks, corrupted.whole(sequences, blocks, padding), gates, shut)) {
      model.decoder().forward(sequences.ids(model.placement(), blocks, padding), cache, stream);
      Tensor places = sequences.places(model.placement());
      Tensor reads = blocks.live(stream.readLogits(), 0);
      finalReads.set(atPlaces(reads, places));
      differences.set(stream.differences().flat(graph.sources()).index_select(1, places));
      shut.values().forEach(read -> read.set(atPlaces(read.get(), places)));
      this.gates =
          new Holder(model.placement().tensor(gates.z(), graph.sources(), graph.targets()));
    }
  }

  /** Bytes that a place takes, on the way back too. */
  public static long bytesPerPlace(GatedModel model) {
    Architecture architecture = model.decoder().architecture();
    long sources = model.graph().sources();
    long wide = 2 * sources + 2L * architecture.layers() + 1 + 8L * architecture.heads();
    return wide * architecture.width() * model.placement().precision().bytes();
  }

  private static Tensor atPlaces(Tensor x, Tensor places) {
    return x.reshape(-1, x.size(2)).index_select(0, places);
  }

  /** What the logits read at every place, {@code [N, D]}, in the caller's scope. */
  public Tensor finalReads() {
    return finalReads.get().clone();
  }

  /**
   * The gradient of S with respect to the gate of every edge, row-major {@code [nSrc, nDst]}.
   *
   * @param cotangents of what the logits read at every place, {@code [N, D]}
   */
  public double[] gradient(Tensor cotangents) {
    ComputationGraph graph = model.graph();
    try (Scope _ = new Scope()) {
      WayBack back = new WayBack();
      back.take(graph.logitsTarget(), cotangents.unsqueeze(0));
      for (int layer = graph.layers() - 1; layer >= 0; layer--) {
        Torch.checkInterrupted();
        back.through(layer);
      }
      return Placement.toDoubles(back.scores);
    }
  }

  /** One pass back. Its tensors belong to the scope it was made in. */
  private final class WayBack {
    private final ComputationGraph graph = model.graph();
    private final PullBack pullBack = new PullBack(model.decoder());
    private final PackedRows rows =
        new PackedRows(
            model.decoder(),
            sequences.rows().stream().mapToInt(row -> row.clean().length).toArray());
    private final Tensor reaching = differences.get().new_zeros(differences.get().sizes());
    private final Tensor scores =
        new Placement(Precision.FLOAT64, model.placement().device())
            .zeros(graph.sources(), graph.targets());

    void through(int layer) {
      try (Scope _ = new Scope()) {
        int target = graph.mlpTarget(layer);
        Tensor output = reaching.narrow(0, graph.mlpSource(layer), 1);
        take(target, pullBack.mlp(layer, read(target, 1).select(0, 0), output));
      }
      try (Scope _ = new Scope()) {
        int target = graph.headTarget(layer, Slot.Q);
        Tensor outputs = reaching.narrow(0, graph.headSource(layer), graph.heads());
        take(target, pullBack.headsApart(layer, read(target, 3 * graph.heads()), rows, outputs));
      }
    }

    /** What {@code count} targets from {@code first} on read, {@code [count, N, D]}. */
    private Tensor read(int first, int count) {
      Tensor visible = visible(differences, first);
      return open(first, count)
          .t()
          .matmul(visible.view(visible.size(0), -1))
          .view(count, visible.size(1), visible.size(2))
          .add_(shutRead(first));
    }

    private Tensor shutRead(int first) {
      Holder read = shut.get(first);
      if (read == null) {
        throw new IllegalStateException("nothing was read by target " + first);
      }
      return read.get();
    }

    /** Adds the cotangents {@code [count, N, D]} of what targets from {@code first} on read. */
    void take(int first, Tensor reads) {
      Tensor seen = visible(differences, first);
      long sources = seen.size(0);
      int count = Math.toIntExact(reads.size(0));
      Tensor flat = reads.reshape(count, -1);
      scores
          .narrow(0, 0, sources)
          .narrow(1, first, count)
          .copy_(seen.view(sources, -1).matmul(flat.t()));
      reaching.narrow(0, 0, sources).view(sources, -1).addmm_(open(first, count), flat);
    }

    private Tensor visible(Holder all, int target) {
      return all.get().narrow(0, 0, graph.visibleSources(target));
    }

    /** Gates of the edges into {@code count} targets, {@code [sources, count]}. */
    private Tensor open(int first, int count) {
      return visible(gates, first).narrow(1, first, count);
    }
  }

  @Override
  public void close() {
    gates.close();
    differences.close();
    shut.values().forEach(Holder::close);
    finalReads.close();
  }
}
