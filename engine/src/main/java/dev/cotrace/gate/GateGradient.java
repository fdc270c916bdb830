package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.PullBack;
import dev.cotrace.model.Span;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The gradient with respect to every edge's gate, in one pass back through the layers of a recorded
 * run.
 *
 * <p>METHOD §4: {@code ∂S/∂z_uv = Σ_t ⟨o_u(t) − o'_u(t), g_v(t)⟩} with {@code g_v = ∂S/∂in_v},
 * before the norm and apart for each head's q, k and v. At uniform gates the cotangent of every
 * source's output is α times the sum of the g_v of all later targets, so one running sum carries
 * the gradient down.
 */
final class GateGradient {
  private final ComputationGraph graph;
  private final PullBack pullBack;
  private final Decoder decoder;

  GateGradient(Decoder decoder, ComputationGraph graph) {
    this.decoder = decoder;
    this.graph = graph;
    this.pullBack = new PullBack(decoder);
  }

  /** Consecutive rows whose gradients are added up: the rollouts of one group. */
  record Group(int firstRow, int rows) {}

  /**
   * Edge gradients of each group, for each of several cotangents.
   *
   * @param run the recorded run
   * @param span the positions of its sequences
   * @param alpha gates of the live rows, {@code [rows, 1, 1]}
   * @param finalReads cotangents of what the logits read, {@code [rows, time, D]} each; they are
   *     overwritten
   * @return {@code [group][cotangent]} row-major {@code [nSrc, nDst]}
   */
  double[][][] pullBack(
      RecordingStream run, Span span, Tensor alpha, List<Tensor> finalReads, List<Group> groups) {
    try (Scope _ = new Scope()) {
      Edges edges = new Edges(run.differences(), groups, finalReads.size());
      edges.add(graph.logitsTarget(), asTargets(finalReads));
      List<Tensor> stream = finalReads;
      stream.forEach(cotangent -> cotangent.mul_(alpha));
      for (int layer = graph.layers() - 1; layer >= 0; layer--) {
        Torch.checkInterrupted();
        try (Scope _ = new Scope()) {
          List<Tensor> mlp = pullBack.mlp(layer, run.mlpRead(layer), stream);
          edges.add(graph.mlpTarget(layer), asTargets(mlp));
          addTo(stream, mlp, alpha);
          List<Tensor> heads = pullBack.heads(layer, run.headRead(layer), span, stream);
          edges.add(graph.headTarget(layer, Slot.Q), heads);
          addTo(stream, heads.stream().map(h -> h.sum(0)).toList(), alpha);
        }
      }
      return edges.toArrays();
    }
  }

  private static List<Tensor> asTargets(List<Tensor> cotangents) {
    return cotangents.stream().map(c -> c.unsqueeze(0)).toList();
  }

  private static void addTo(List<Tensor> stream, List<Tensor> reads, Tensor alpha) {
    for (int i = 0; i < stream.size(); i++) {
      stream.get(i).addcmul_(reads.get(i), alpha);
    }
  }

  /** Contracts differences with cotangents, group by group. */
  private final class Edges {
    private final Differences differences;
    private final List<Group> groups;
    private final List<List<Tensor>> sums = new ArrayList<>(); // [group][cotangent] of [nSrc, nDst]

    Edges(Differences differences, List<Group> groups, int cotangents) {
      this.differences = differences;
      this.groups = groups;
      // Many groups of low precision are added up: the sums are doubles.
      Placement exact = new Placement(Precision.FLOAT64, decoder.placement().device());
      for (int group = 0; group < groups.size(); group++) {
        List<Tensor> each = new ArrayList<>();
        for (int i = 0; i < cotangents; i++) {
          each.add(exact.zeros(graph.sources(), graph.targets()));
        }
        sums.add(each);
      }
    }

    /**
     * Adds the edges into the targets from column {@code target} on, given g {@code [targets, rows,
     * time, D]}.
     */
    void add(int target, List<Tensor> reads) {
      int sources = graph.visibleSources(target);
      Tensor visible = differences.first(sources);
      for (int i = 0; i < reads.size(); i++) {
        Tensor read = reads.get(i);
        for (int group = 0; group < groups.size(); group++) {
          try (Scope _ = new Scope()) {
            Tensor edges =
                flat(visible, groups.get(group)).matmul(flat(read, groups.get(group)).t());
            sums.get(group)
                .get(i)
                .narrow(0, 0, sources)
                .narrow(1, target, read.size(0))
                .add_(edges);
          }
        }
      }
    }

    private static Tensor flat(Tensor x, Group group) {
      return x.narrow(1, group.firstRow(), group.rows()).reshape(x.size(0), -1);
    }

    double[][][] toArrays() {
      return sums.stream()
          .map(each -> each.stream().map(Placement::toDoubles).toArray(double[][]::new))
          .toArray(double[][][]::new);
    }
  }
}
