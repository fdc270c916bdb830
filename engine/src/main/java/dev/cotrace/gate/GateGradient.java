package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.PullBack;
import dev.cotrace.model.Span;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

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

  /**
   * Gradients of each part, for each of several cotangents.
   *
   * @param run the recorded run
   * @param span the positions of its sequences
   * @param alpha gates of the live rows, {@code [rows, 1, 1]}
   * @param finalReads cotangents of what the logits read, {@code [rows, time, D]} each; they are
   *     overwritten
   */
  GateGradients pullBack(
      RecordingStream run, Span span, Tensor alpha, List<Tensor> finalReads, Parts parts) {
    Tensor shape = finalReads.getFirst();
    Parts.Layout layout =
        Parts.Layout.of(parts, Math.toIntExact(shape.size(0)), Math.toIntExact(shape.size(1)));
    if (layout.order() == null) {
      return pullBack(run, span, alpha, finalReads, layout, null);
    }
    try (Scope _ = new Scope()) {
      Tensor order = decoder.placement().indices(layout.order(), layout.order().length);
      run.differences().reorder(order);
      try {
        return pullBack(run, span, alpha, finalReads, layout, order);
      } finally {
        run.differences().reorder(order.argsort());
      }
    }
  }

  private GateGradients pullBack(
      RecordingStream run,
      Span span,
      Tensor alpha,
      List<Tensor> finalReads,
      Parts.Layout layout,
      @Nullable Tensor order) {
    try (Scope _ = new Scope()) {
      GateSums sums =
          new GateSums(
              decoder.placement(), graph, run.differences(), layout, order, finalReads.size());
      sums.add(graph.logitsTarget(), asTargets(finalReads));
      List<Tensor> stream = finalReads;
      stream.forEach(cotangent -> cotangent.mul_(alpha));
      for (int layer = graph.layers() - 1; layer >= 0; layer--) {
        Torch.checkInterrupted();
        try (Scope _ = new Scope()) {
          List<Tensor> mlp = pullBack.mlp(layer, run.mlpRead(layer), stream);
          sums.add(graph.mlpTarget(layer), asTargets(mlp));
          if (!graph.parallel()) {
            addTo(stream, mlp, alpha);
          }
          List<Tensor> heads = pullBack.heads(layer, run.headRead(layer), span, stream);
          if (graph.parallel()) {
            addTo(stream, mlp, alpha);
          }
          sums.add(graph.headTarget(layer, Slot.Q), heads);
          addTo(stream, heads.stream().map(h -> h.sum(0)).toList(), alpha);
        }
      }
      return sums.toArrays();
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
}
