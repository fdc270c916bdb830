package dev.cotrace.dictionary;

import dev.cotrace.format.StoredTensor;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A dictionary to be written as SAELens stores one: {@code cfg.json} and {@code
 * sae_weights.safetensors}, in the spelling of its version 6.
 *
 * @param form top-k, or a transcoder with ReLU
 * @param input where it reads
 * @param output where it writes; the same site, unless it is a transcoder
 * @param dIn width of its input
 * @param dOut width of its output
 * @param features F
 * @param encoder {@code [dIn, F]}, row-major
 * @param encoderBias {@code [F]}
 * @param decoder what each feature at 1 adds, {@code [F, dOut]}, row-major
 * @param bias {@code [dOut]}; an autoencoder takes it from its input first
 */
public record SaeLensDictionary(
    Form form,
    Site input,
    Site output,
    int dIn,
    int dOut,
    int features,
    float[] encoder,
    float[] encoderBias,
    float[] decoder,
    float[] bias) {
  /** The name of the file of settings. */
  public static final String CONFIG = "cfg.json";

  /** The name of the file of tensors. */
  public static final String WEIGHTS = "sae_weights.safetensors";

  /** Whose spelling it is. */
  private static final String VERSION = "6.54.12";

  /** Refuses forms that this cannot be. */
  public SaeLensDictionary {
    boolean known =
        form.transcoder()
            ? form.nonlinearity() == Form.Nonlinearity.RELU && !form.skip()
            : form.nonlinearity() == Form.Nonlinearity.TOP_K;
    if (!known || form.transcoder() == input.equals(output)) {
      throw new IllegalArgumentException(
          "expected a top-k autoencoder or a ReLU transcoder, got %s from %s to %s"
              .formatted(form, input, output));
    }
  }

  /**
   * The text of {@code cfg.json}.
   *
   * @param model its name
   * @param prependedBos whether texts began with a beginning-of-sequence token
   * @param centredNorms whether the model's norms take the mean out, as LayerNorm does
   * @param more what else to say under {@code metadata}, by key
   */
  public String config(
      String model, boolean prependedBos, boolean centredNorms, Map<String, String> more) {
    JsonMapper mapper = new JsonMapper();
    ObjectNode config = mapper.createObjectNode();
    config.put("architecture", form.transcoder() ? "transcoder" : "topk");
    config.put("d_in", dIn).put("d_sae", features);
    if (form.transcoder()) {
      config.put("d_out", dOut);
    } else {
      config.put("k", form.k()).put("rescale_acts_by_decoder_norm", false);
    }
    config.put("dtype", "float32").put("device", "cpu");
    config.put("apply_b_dec_to_input", !form.transcoder());
    config.put("normalize_activations", Normalisation.NONE.key());
    boolean heads = input.kind() == Site.Kind.HEAD_VALUES;
    config.put("reshape_activations", heads ? "hook_z" : "none");
    ObjectNode metadata = config.putObject("metadata");
    metadata.put("sae_lens_version", VERSION).put("sae_lens_training_version", VERSION);
    metadata.put("model_name", model).put("hook_name", input.hook());
    if (form.transcoder()) {
      metadata.put("hook_name_out", output.hook());
    }
    metadata.put("prepend_bos", prependedBos);
    // TransformerLens' LayerNorm has its gain in hook_normalized, unless it is folded.
    boolean folded = centredNorms && input.kind() == Site.Kind.MLP_NORMALISED;
    metadata
        .putObject("model_from_pretrained_kwargs")
        .put("fold_ln", folded)
        .put("center_writing_weights", false)
        .put("center_unembed", false)
        .put("fold_value_biases", false);
    more.forEach(metadata::put);
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n";
  }

  /** The tensors of {@code sae_weights.safetensors}. */
  public List<StoredTensor> tensors() {
    return List.of(
        StoredTensor.of("W_enc", encoder, dIn, features),
        StoredTensor.of("b_enc", encoderBias, features),
        StoredTensor.of("W_dec", decoder, features, dOut),
        StoredTensor.of("b_dec", bias, dOut));
  }
}
