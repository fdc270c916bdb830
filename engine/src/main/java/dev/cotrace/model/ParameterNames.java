package dev.cotrace.model;

import dev.cotrace.model.Weights.Layer;
import dev.cotrace.model.Weights.Parameters;
import dev.cotrace.torch.Scope;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** Where each family keeps its parameters, as Hugging Face and GGUF name them. */
final class ParameterNames {
  private ParameterNames() {}

  /**
   * Hugging Face's llama: {@code model.layers.N.…}, or {@code layers.N.…} where the model was saved
   * without its head.
   */
  static Parameters llama(ParameterSource source, Architecture a) {
    long query = (long) a.heads() * a.headDimension();
    long shared = (long) a.keyValueHeads() * a.headDimension();
    String prefix = source.has("embed_tokens.weight") ? "" : "model.";
    Tensor embedding = source.read(prefix + "embed_tokens.weight", a.vocabulary(), a.width());
    return parameters(
        a,
        embedding,
        layer -> {
          String at = prefix + "layers." + layer + ".";
          return new Layer(
              source.norm(at + "input_layernorm", a),
              source.linear(at + "self_attn.q_proj", query, a.width()),
              source.linear(at + "self_attn.k_proj", shared, a.width()),
              source.linear(at + "self_attn.v_proj", shared, a.width()),
              source.linear(at + "self_attn.o_proj", a.width(), query),
              source.norm(at + "post_attention_layernorm", a),
              source.linear(at + "mlp.gate_proj", a.mlpWidth(), a.width()),
              source.linear(at + "mlp.up_proj", a.mlpWidth(), a.width()),
              source.linear(at + "mlp.down_proj", a.width(), a.mlpWidth()));
        },
        source.norm(prefix + "norm", a),
        a.tiedUnembedding() ? embedding : source.read("lm_head.weight", a.vocabulary(), a.width()));
  }

  /**
   * llama in GGUF: {@code blk.N.…}. Query and key rows are stored for interleaved rotation: within
   * a head, row {@code 2i + j} is the half-split row {@code j · dHead/2 + i}.
   */
  static Parameters llamaGguf(ParameterSource source, Architecture a) {
    long query = (long) a.heads() * a.headDimension();
    long shared = (long) a.keyValueHeads() * a.headDimension();
    Tensor embedding = source.read("token_embd.weight", a.vocabulary(), a.width());
    return parameters(
        a,
        embedding,
        layer -> {
          String at = "blk." + layer + ".";
          return new Layer(
              source.norm(at + "attn_norm", a),
              halfSplit(source, at + "attn_q", query, a.width(), a.headDimension()),
              halfSplit(source, at + "attn_k", shared, a.width(), a.headDimension()),
              source.linear(at + "attn_v", shared, a.width()),
              source.linear(at + "attn_output", a.width(), query),
              source.norm(at + "ffn_norm", a),
              source.linear(at + "ffn_gate", a.mlpWidth(), a.width()),
              source.linear(at + "ffn_up", a.mlpWidth(), a.width()),
              source.linear(at + "ffn_down", a.width(), a.mlpWidth()));
        },
        source.norm("output_norm", a),
        a.tiedUnembedding() ? embedding : source.read("output.weight", a.vocabulary(), a.width()));
  }

  /**
   * Hugging Face's gpt2, whose linear maps are stored {@code [in, out]} and whose q, k and v are
   * one map.
   */
  static Parameters gpt2(ParameterSource source, Architecture a) {
    String prefix = source.has("transformer.wte.weight") ? "transformer." : "";
    Tensor embedding = source.read(prefix + "wte.weight", a.vocabulary(), a.width());
    Parameters parameters =
        parameters(
            a,
            embedding,
            layer -> {
              String at = prefix + "h." + layer + ".";
              Linear fused = conv1d(source, at + "attn.c_attn", a.width(), 3L * a.width());
              return new Layer(
                  source.norm(at + "ln_1", a),
                  third(fused, 0),
                  third(fused, 1),
                  third(fused, 2),
                  conv1d(source, at + "attn.c_proj", a.width(), a.width()),
                  source.norm(at + "ln_2", a),
                  null,
                  conv1d(source, at + "mlp.c_fc", a.width(), a.mlpWidth()),
                  conv1d(source, at + "mlp.c_proj", a.mlpWidth(), a.width()));
            },
            source.norm(prefix + "ln_f", a),
            a.tiedUnembedding()
                ? embedding
                : source.read("lm_head.weight", a.vocabulary(), a.width()));
    Tensor positions = source.read(prefix + "wpe.weight", a.maxPositions(), a.width());
    return new Parameters(
        parameters.tokenEmbedding(),
        positions,
        parameters.layers(),
        parameters.finalNorm(),
        parameters.unembedding());
  }

  private static Parameters parameters(
      Architecture a,
      Tensor embedding,
      IntFunction<Layer> layer,
      Norm finalNorm,
      Tensor unembedding) {
    return new Parameters(
        embedding,
        null,
        IntStream.range(0, a.layers()).mapToObj(layer).toList(),
        finalNorm,
        new Linear(unembedding, null));
  }

  private static Linear halfSplit(
      ParameterSource source, String name, long out, long in, int headDimension) {
    try (Scope scope = new Scope()) {
      Linear interleaved = source.linear(name, out, in);
      Tensor bias = interleaved.bias();
      return new Linear(
          scope.keep(halfSplit(interleaved.weight(), headDimension)),
          bias == null ? null : scope.keep(halfSplit(bias, headDimension)));
    }
  }

  private static Tensor halfSplit(Tensor rows, int headDimension) {
    long width = rows.dim() == 1 ? 1 : rows.size(1);
    try (Scope scope = new Scope()) {
      Tensor halves = rows.reshape(-1, headDimension / 2, 2, width).transpose(1, 2);
      return scope.keep(halves.reshape(rows.sizes().vec().get()));
    }
  }

  private static Linear conv1d(ParameterSource source, String name, long in, long out) {
    try (Scope scope = new Scope()) {
      Tensor weight = source.read(name + ".weight", in, out);
      return new Linear(
          scope.keep(weight.t().contiguous()), scope.keep(source.read(name + ".bias", out)));
    }
  }

  private static Linear third(Linear fused, int index) {
    long rows = fused.weight().size(0) / 3;
    Tensor bias = fused.bias();
    return new Linear(
        fused.weight().narrow(0, index * rows, rows),
        bias == null ? null : bias.narrow(0, index * rows, rows));
  }
}
