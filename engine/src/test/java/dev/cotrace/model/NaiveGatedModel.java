package dev.cotrace.model;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * METHOD §2 written down edge by edge, for libtorch's autograd: the referee of every gated run and
 * gradient. Shares no code with the decoder; has no cache, no batching of reads, no shortcuts.
 */
public final class NaiveGatedModel {
  private final NaiveParameters parameters;
  private final Architecture architecture;
  private final ComputationGraph graph;

  public NaiveGatedModel(TinyModel model) {
    parameters = new NaiveParameters(model);
    architecture = model.architecture();
    boolean parallel = architecture.family().equals("gpt_neox");
    graph = new ComputationGraph(architecture.layers(), architecture.heads(), parallel);
  }

  public ComputationGraph graph() {
    return graph;
  }

  /**
   * Logits {@code [rows, time, V]} of H_z.
   *
   * @param clean ids {@code [rows, time]}
   * @param corrupted ids {@code [rows, time]}
   * @param z gates {@code [nSrc, nDst]}, or {@code [time, nSrc, nDst]} for gates of each position;
   *     may require a gradient
   */
  public Tensor logits(Tensor clean, Tensor corrupted, Tensor z) {
    return logits(clean, outputs(corrupted, null), z);
  }

  /**
   * Logits {@code [rows, time, V]} of H_z.
   *
   * @param corrupted o' of every source at the clean positions, {@code [rows, time, D]} each
   */
  public Tensor logits(Tensor clean, List<Tensor> corrupted, Tensor z) {
    return run(embed(clean), corrupted, z, new ArrayList<>());
  }

  /**
   * Logits {@code [rows, time, V]} of a plain run in which what {@code writer} writes is {@code α ·
   * o + (1 − α) · o'} of the clean and the corrupted run, with gates for derivatives at 1: shutting
   * one takes {@code o_u − o'_u} of these two runs off what its target reads.
   *
   * @param corrupted o' of every source at the clean positions, {@code [rows, time, D]} each
   * @param writer 0 the input, 1 + 2l the heads of layer l, 2 + 2l its MLP
   */
  public Tensor logitsOfHeld(
      Tensor clean, List<Tensor> corrupted, int writer, double alpha, Tensor z) {
    List<Tensor> frozen = outputs(clean, null);
    int layer = (writer - 1) / 2;
    int first =
        writer == 0 ? 0 : writer % 2 == 1 ? graph.headSource(layer) : graph.mlpSource(layer);
    int end = first + (writer % 2 == 1 ? graph.heads() : 1);
    Map<Integer, Tensor> held = new HashMap<>();
    for (int source = first; source < end; source++) {
      Tensor own = frozen.get(source).mul(new Scalar(alpha));
      held.put(source, own.add(corrupted.get(source).mul(new Scalar(1 - alpha))));
    }
    List<Tensor> plain = new ArrayList<>();
    run(embed(clean), List.of(), torch.ones(new long[0]), plain, held);
    List<Tensor> shut = new ArrayList<>();
    for (int source = 0; source < plain.size(); source++) {
      shut.add(plain.get(source).sub(frozen.get(source)).add(corrupted.get(source)));
    }
    return run(embed(clean), shut, z, new ArrayList<>(), held);
  }

  /**
   * What every source adds in a plain run, {@code [rows, time, D]} each.
   *
   * @param noise on the embeddings, {@code [rows, time, D]}; null for none
   */
  public List<Tensor> outputs(Tensor ids, @Nullable Tensor noise) {
    List<Tensor> outputs = new ArrayList<>();
    Tensor embedding = embed(ids);
    run(
        noise == null ? embedding : embedding.add(noise),
        List.of(),
        torch.ones(new long[0]),
        outputs);
    return outputs;
  }

  /** Logits {@code [rows, time, V]} where every source adds {@code outputs}. */
  public Tensor logits(List<Tensor> outputs) {
    Tensor sum = torch.zeros_like(outputs.getFirst());
    for (Tensor output : outputs) {
      sum = sum.add(output);
    }
    for (int layer = 0; layer < graph.layers(); layer++) {
      sum = plus(sum, parameters.outputBias(layer));
    }
    return unembed(sum);
  }

  private Tensor run(Tensor embedding, List<Tensor> others, Tensor z, List<Tensor> own) {
    return run(embedding, others, z, own, Map.of());
  }

  /**
   * Runs one stream; with {@code others} its reads are gated against them. Appends each source's
   * output to {@code own}.
   *
   * @param held constants that stand for outputs, by source
   */
  private Tensor run(
      Tensor embedding,
      List<Tensor> others,
      Tensor z,
      List<Tensor> own,
      Map<Integer, Tensor> held) {
    write(own, embedding, held);
    Tensor constant = torch.zeros_like(own.getFirst());
    for (int layer = 0; layer < graph.layers(); layer++) {
      Tensor beforeHeads = constant;
      List<Tensor> heads = heads(layer, own, others, z, constant);
      constant = plus(constant, parameters.outputBias(layer));
      if (graph.parallel()) {
        Tensor mlp = mlp(layer, read(own, others, z, graph.mlpTarget(layer), beforeHeads));
        heads.forEach(head -> write(own, head, held));
        write(own, mlp, held);
      } else {
        heads.forEach(head -> write(own, head, held));
        write(own, mlp(layer, read(own, others, z, graph.mlpTarget(layer), constant)), held);
      }
    }
    return unembed(read(own, others, z, graph.logitsTarget(), constant));
  }

  private static void write(List<Tensor> own, Tensor output, Map<Integer, Tensor> held) {
    own.add(held.getOrDefault(own.size(), output));
  }

  /** What each head adds: its share of the layer's attention where a norm follows. */
  private List<Tensor> heads(
      int layer, List<Tensor> own, List<Tensor> others, Tensor z, Tensor constant) {
    List<Tensor> heads = new ArrayList<>();
    for (int head = 0; head < graph.heads(); head++) {
      Tensor q = read(own, others, z, graph.headTarget(layer, Slot.Q) + head, constant);
      Tensor k = read(own, others, z, graph.headTarget(layer, Slot.K) + head, constant);
      Tensor v = read(own, others, z, graph.headTarget(layer, Slot.V) + head, constant);
      heads.add(attend(layer, head, q, k, v));
    }
    Tensor gain = parameters.postGain(layer, /* heads= */ true);
    if (gain == null) {
      return heads;
    }
    Tensor sum = torch.zeros_like(heads.getFirst());
    for (Tensor head : heads) {
      sum = sum.add(head);
    }
    Tensor root = root(sum);
    return heads.stream().map(head -> head.div(root).mul(gain)).toList();
  }

  private Tensor unembed(Tensor last) {
    Tensor logits = norm(parameters.finalNorm(), last).matmul(parameters.unembedding().t());
    return capped(logits, architecture.logitCap());
  }

  private static Tensor plus(Tensor sum, @Nullable Tensor term) {
    return term == null ? sum : sum.add(term);
  }

  /**
   * Σ_u z_uv · o_u + (1 − z_uv) · o'_u over the sources written so far, plus what belongs to no
   * source.
   */
  private Tensor read(
      List<Tensor> own, List<Tensor> others, Tensor z, int target, Tensor constant) {
    Tensor sum = constant;
    for (int source = 0; source < own.size(); source++) {
      if (others.isEmpty()) {
        sum = sum.add(own.get(source));
      } else {
        Tensor gate = z.select(-2, source).select(-1, target).unsqueeze(-1); // [1] or [time, 1]
        Tensor shut = gate.neg().add(new Scalar(1.0));
        sum = sum.add(own.get(source).mul(gate)).add(others.get(source).mul(shut));
      }
    }
    return sum;
  }

  private Tensor embed(Tensor ids) {
    Tensor tokens = torch.embedding(parameters.embedding(), ids);
    Tensor positions = parameters.positions();
    return positions == null ? tokens : tokens.add(positions.narrow(0, 0, ids.size(1)));
  }

  private Tensor attend(int layer, int head, Tensor q, Tensor k, Tensor v) {
    AttentionPattern pattern = architecture.attention().patterns().get(layer);
    Tensor query = positioned(pattern.rotary(), project(layer, "q", head, q));
    Tensor key = positioned(pattern.rotary(), project(layer, "k", head, k));
    Tensor value = project(layer, "v", head, v);
    Tensor products = query.matmul(key.transpose(1, 2));
    Tensor scores =
        capped(
            products.mul(new Scalar(architecture.attention().scale())),
            architecture.attention().scoreCap());
    Tensor hidden = torch.ones_like(scores).triu(1);
    if (pattern.window() > 0) {
      hidden = hidden.add(torch.ones_like(scores).tril(-pattern.window()));
    }
    Tensor masked =
        scores.masked_fill(hidden.to(torch.ScalarType.Bool), new Scalar(Double.NEGATIVE_INFINITY));
    return masked.softmax(-1).matmul(value).matmul(parameters.output(layer, head));
  }

  private Tensor project(int layer, String which, int head, Tensor read) {
    Tensor x = norm(parameters.attentionNorm(layer), read);
    Tensor projected = parameters.input(layer, which, head).apply(x);
    Tensor gain = parameters.headGain(layer, which);
    return gain == null ? projected : projected.div(root(projected)).mul(gain);
  }

  private static Tensor capped(Tensor x, double cap) {
    return cap == 0 ? x : x.div(new Scalar(cap)).tanh().mul(new Scalar(cap));
  }

  /** Rotates plane (i, i + R/2) of position t by t · frequency_i; what comes after R stays. */
  private static Tensor positioned(Rotary rotary, Tensor x) {
    double[] frequencies = rotary.inverseFrequencies();
    int half = frequencies.length;
    if (half == 0) {
      return x;
    }
    List<Tensor> positions = new ArrayList<>();
    for (int t = 0; t < x.size(1); t++) {
      List<Tensor> first = new ArrayList<>();
      List<Tensor> rest = new ArrayList<>();
      for (int i = 0; i < half; i++) {
        Scalar cos = new Scalar(Math.cos(t * frequencies[i]));
        Scalar sin = new Scalar(Math.sin(t * frequencies[i]));
        Tensor a = x.select(1, t).select(1, i);
        Tensor b = x.select(1, t).select(1, half + i);
        first.add(a.mul(cos).sub(b.mul(sin)));
        rest.add(b.mul(cos).add(a.mul(sin)));
      }
      for (int i = 2 * half; i < x.size(2); i++) {
        rest.add(x.select(1, t).select(1, i));
      }
      first.addAll(rest);
      positions.add(torch.stack(new TensorVector(first.toArray(Tensor[]::new)), 1));
    }
    return torch.stack(new TensorVector(positions.toArray(Tensor[]::new)), 1);
  }

  private Tensor mlp(int layer, Tensor read) {
    Tensor x = norm(parameters.mlpNorm(layer), read);
    Tensor up = parameters.mlp(layer, "up").apply(x);
    Tensor hidden =
        switch (architecture.family()) {
          case "gpt2" -> torch.gelu(up, "tanh");
          case "gpt_neox" -> torch.gelu(up, "none");
          case "gemma3_text" -> torch.gelu(parameters.mlp(layer, "gate").apply(x), "tanh").mul(up);
          default -> {
            Tensor gate = parameters.mlp(layer, "gate").apply(x);
            yield gate.mul(gate.sigmoid()).mul(up);
          }
        };
    Tensor output = parameters.mlp(layer, "down").apply(hidden);
    Tensor gain = parameters.postGain(layer, /* heads= */ false);
    return gain == null ? output : output.div(root(output)).mul(gain);
  }

  private Tensor norm(NaiveParameters.Affine norm, Tensor x) {
    Tensor offset = norm.bias() == null ? x : x.sub(x.mean(new long[] {-1}, true, null));
    return plus(offset.div(root(offset)).mul(norm.weight()), norm.bias());
  }

  /** √(mean(x²) + ε) over the last dimension. */
  private Tensor root(Tensor x) {
    Scalar epsilon = new Scalar(architecture.normalisation().epsilon());
    return x.square().mean(new long[] {-1}, true, null).add(epsilon).sqrt();
  }
}
