package dev.cotrace.model;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a tiny model by what they do, in one layout for all families; found by names of
 * its own, so that it shares no code with what it referees.
 */
record NaiveParameters(TinyModel model) {
  /** {@code y = W x + b}: weight {@code [out, in]}, bias {@code [out]} or null. */
  record Affine(Tensor weight, @Nullable Tensor bias) {
    Tensor apply(Tensor x) {
      Tensor y = x.matmul(weight.t());
      return bias == null ? y : y.add(bias);
    }
  }

  private boolean is(String family) {
    return model.architecture().family().equals(family);
  }

  private boolean gemma() {
    return is("gemma3_text");
  }

  /** A parameter by its name in each family; null where the family has none. */
  private Tensor named(String llama, String gpt2, String gptNeox) {
    return model.parameter(is("gpt2") ? gpt2 : is("gpt_neox") ? gptNeox : llama);
  }

  Tensor embedding() {
    Tensor tokens =
        named("model.embed_tokens.weight", "transformer.wte.weight", "gpt_neox.embed_in.weight");
    return gemma() ? tokens.mul(new Scalar(Math.sqrt(model.architecture().width()))) : tokens;
  }

  /** Learned positions {@code [positions, D]}, or null. */
  @Nullable Tensor positions() {
    return is("gpt2") ? model.parameter("transformer.wpe.weight") : null;
  }

  Tensor unembedding() {
    return gemma()
        ? model.parameter("model.embed_tokens.weight")
        : named("lm_head.weight", "transformer.wte.weight", "embed_out.weight");
  }

  private static String llama(int layer) {
    return "model.layers." + layer + ".";
  }

  private static String gpt2(int layer) {
    return "transformer.h." + layer + ".";
  }

  private static String neox(int layer) {
    return "gpt_neox.layers." + layer + ".";
  }

  /** Weight and bias of a norm; the bias is null for RMSNorm. */
  private Affine norm(String llama, String gpt2, String neox) {
    Tensor weight = named(llama + ".weight", gpt2 + ".weight", neox + ".weight");
    Tensor gain = gemma() ? weight.add(new Scalar(1.0)) : weight;
    boolean centred = is("gpt2") || is("gpt_neox");
    return new Affine(gain, centred ? named("", gpt2 + ".bias", neox + ".bias") : null);
  }

  Affine attentionNorm(int layer) {
    return norm(
        llama(layer) + "input_layernorm", gpt2(layer) + "ln_1", neox(layer) + "input_layernorm");
  }

  Affine mlpNorm(int layer) {
    String llama = gemma() ? "pre_feedforward_layernorm" : "post_attention_layernorm";
    return norm(
        llama(layer) + llama, gpt2(layer) + "ln_2", neox(layer) + "post_attention_layernorm");
  }

  Affine finalNorm() {
    return norm("model.norm", "transformer.ln_f", "gpt_neox.final_layer_norm");
  }

  /** The gain of the norm after the heads or the MLP, {@code [D]}, or null. */
  @Nullable Tensor postGain(int layer, boolean heads) {
    String name = heads ? "post_attention_layernorm" : "post_feedforward_layernorm";
    return gemma() ? offset(llama(layer) + name) : null;
  }

  /** The gain of the norm of queries or keys, {@code [dHead]}, or null. */
  @Nullable Tensor headGain(int layer, String which) {
    boolean normed = gemma() && !which.equals("v");
    return normed ? offset(llama(layer) + "self_attn." + which + "_norm") : null;
  }

  private Tensor offset(String name) {
    return model.parameter(name + ".weight").add(new Scalar(1.0));
  }

  /**
   * The projection of {@code head} to queries, keys or values ({@code q}, {@code k}, {@code v}).
   */
  Affine input(int layer, String which, int head) {
    Architecture a = model.architecture();
    long dHead = a.headDimension();
    if (is("gpt2")) {
      long column = "qkv".indexOf(which) * (long) a.width() + head * dHead;
      String name = gpt2(layer) + "attn.c_attn";
      Tensor weight = model.parameter(name + ".weight").narrow(1, column, dHead).t();
      return new Affine(weight, model.parameter(name + ".bias").narrow(0, column, dHead));
    }
    if (is("gpt_neox")) {
      long row = (3L * head + "qkv".indexOf(which)) * dHead;
      String name = neox(layer) + "attention.query_key_value";
      Tensor weight = model.parameter(name + ".weight").narrow(0, row, dHead);
      return new Affine(weight, model.parameter(name + ".bias").narrow(0, row, dHead));
    }
    int own = which.equals("q") ? head : head * a.keyValueHeads() / a.heads();
    Tensor all = model.parameter(llama(layer) + "self_attn." + which + "_proj.weight");
    return new Affine(all.narrow(0, own * dHead, dHead), null);
  }

  /** What {@code head} writes is {@code z · this}, {@code [dHead, D]}. */
  Tensor output(int layer, int head) {
    long dHead = model.architecture().headDimension();
    if (is("gpt2")) {
      Tensor stored = model.parameter(gpt2(layer) + "attn.c_proj.weight");
      return stored.narrow(0, head * dHead, dHead);
    }
    Tensor stored =
        is("gpt_neox")
            ? model.parameter(neox(layer) + "attention.dense.weight")
            : model.parameter(llama(layer) + "self_attn.o_proj.weight");
    return stored.narrow(1, head * dHead, dHead).t();
  }

  /** The bias of what heads write, {@code [D]}, or null. */
  @Nullable Tensor outputBias(int layer) {
    boolean biased = is("gpt2") || is("gpt_neox");
    return biased
        ? named("", gpt2(layer) + "attn.c_proj.bias", neox(layer) + "attention.dense.bias")
        : null;
  }

  /** A linear map of an MLP: {@code up}, {@code down}, or {@code gate} where there is one. */
  Affine mlp(int layer, String which) {
    boolean up = which.equals("up");
    if (is("gpt2")) {
      String name = gpt2(layer) + (up ? "mlp.c_fc" : "mlp.c_proj");
      return new Affine(model.parameter(name + ".weight").t(), model.parameter(name + ".bias"));
    }
    if (is("gpt_neox")) {
      String name = neox(layer) + (up ? "mlp.dense_h_to_4h" : "mlp.dense_4h_to_h");
      return new Affine(model.parameter(name + ".weight"), model.parameter(name + ".bias"));
    }
    return new Affine(model.parameter(llama(layer) + "mlp." + which + "_proj.weight"), null);
  }
}
