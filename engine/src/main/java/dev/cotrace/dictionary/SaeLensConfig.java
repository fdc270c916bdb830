package dev.cotrace.dictionary;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What SAELens' {@code cfg.json} says, in the spelling of its version 6 and in the flat one before.
 * Source: SAELens 6.54, {@code pretrained_sae_loaders.py}, {@code handle_pre_6_0_config}.
 *
 * @param input where it reads, if the file says so
 * @param output where it writes, if it is a transcoder and the file says so
 * @param shifted whether the decoder's bias is taken from the input first
 * @param decoderNorms {@code rescale_acts_by_decoder_norm}
 * @param tuned {@code finetuning_scaling_factor}
 */
record SaeLensConfig(
    Form form,
    Optional<Site> input,
    Optional<Site> output,
    long dIn,
    long dOut,
    long features,
    Normalisation normalisation,
    boolean shifted,
    boolean decoderNorms,
    boolean tuned,
    Training training) {
  /** What version 6 moved under {@code metadata}. */
  private static final int FIRST_NESTED = 6;

  private static final Pattern MAJOR = Pattern.compile("(\\d{1,6})\\..*");
  private static final Set<String> HEADS = Set.of("none", "hook_z");

  /** Gemma 3's name of what SAELens calls by a hook that TransformerLens has elsewhere. */
  private static final Pattern MLP_READS =
      Pattern.compile(".*\\.pre_feedforward_layernorm\\.output");

  private static final Pattern MLP_IN = Pattern.compile("blocks\\.(\\d{1,6})\\.hook_mlp_in");

  /**
   * Reads a configuration.
   *
   * @throws MalformedModelException when it asks for what is not known
   */
  static SaeLensConfig of(ModelConfig file) {
    Optional<ModelConfig> nested = file.object("metadata");
    String version =
        file.string(
            "sae_lens_version", nested.map(n -> n.string("sae_lens_version", "")).orElse(""));
    boolean old = version.isEmpty() || major(file, version) < FIRST_NESTED;
    ModelConfig metadata = old ? file : nested.orElse(ModelConfig.empty(file.file()));
    return new Reader(file, metadata, old).read();
  }

  private static int major(ModelConfig file, String version) {
    Matcher matcher = MAJOR.matcher(version);
    if (!matcher.matches()) {
      throw new MalformedModelException(
          file.file(),
          0,
          "expected sae_lens_version such as 6.20.1, got '%s'".formatted(Site.excerpt(version)));
    }
    return Integer.parseInt(matcher.group(1));
  }

  /** Reads one file; {@code metadata} is the file itself where it is old. */
  private record Reader(ModelConfig file, ModelConfig metadata, boolean old) {
    SaeLensConfig read() {
      Form form = known(() -> Form.ofSaeLens(architecture(), topK()));
      long dIn = size("d_in");
      long features = size("d_sae");
      if (form.k() > features) {
        throw malformed("expected k of at most %d features, got %d".formatted(features, form.k()));
      }
      String input = metadata.string("hook_name", metadata.string("hook_point", ""));
      requireWhole(input);
      String output = form.transcoder() ? metadata.string("hook_name_out", "") : input;
      return new SaeLensConfig(
          form,
          site(input, "hf_hook_name"),
          site(output, form.transcoder() ? "hf_hook_name_out" : "hf_hook_name"),
          dIn,
          form.transcoder() ? size("d_out") : dIn,
          features,
          normalisation(),
          shifted(form),
          form.k() > 0 && file.flag("rescale_acts_by_decoder_norm", false),
          file.flag("finetuning_scaling_factor", false),
          training());
    }

    private String architecture() {
      if (!old) {
        return file.string("architecture");
      }
      String activation = file.string("activation_fn", file.string("activation_fn_str", "relu"));
      return switch (activation) {
        case "relu" -> file.string("architecture", "standard");
        case "topk" -> "topk";
        default ->
            throw malformed(
                "expected activation_fn relu or topk, got '%s'"
                    .formatted(Site.excerpt(activation)));
      };
    }

    private int topK() {
      return old
          ? file.object("activation_fn_kwargs")
              .map(arguments -> arguments.integer("k", 0))
              .filter(k -> k > 0)
              .orElseGet(() -> file.integer("k", 0))
          : file.integer("k", 0);
    }

    private long size(String key) {
      int size = file.integer(key);
      if (size < 1) {
        throw malformed("expected %s above 0, got %d".formatted(key, size));
      }
      return size;
    }

    /** Dictionaries of single heads, or of activations reshaped in another way, are not read. */
    private void requireWhole(String hook) {
      if (metadata.has("hook_head_index") || metadata.has("hook_point_head_index")) {
        throw malformed(
            "expected a dictionary of whole activations, got hook_head_index: those of single heads are not read");
      }
      boolean heads = hook.contains("hook_z");
      String reshaped = file.string("reshape_activations", heads ? "hook_z" : "none");
      if (!HEADS.contains(reshaped) || (reshaped.equals("hook_z") && !hook.endsWith("_z"))) {
        throw malformed(
            "expected reshape_activations none, or hook_z at a hook of heads' values, got '%s' at '%s'"
                .formatted(Site.excerpt(reshaped), Site.excerpt(hook)));
      }
    }

    private Optional<Site> site(String hook, String huggingFaceKey) {
      if (hook.isEmpty()) {
        return Optional.empty();
      }
      Matcher mlp = MLP_IN.matcher(hook);
      if (mlp.matches() && MLP_READS.matcher(metadata.string(huggingFaceKey, "")).matches()) {
        return Optional.of(new Site(Site.Kind.MLP_INPUT, Integer.parseInt(mlp.group(1))));
      }
      return Optional.of(known(() -> Site.ofHook(hook)));
    }

    private Normalisation normalisation() {
      if (old && file.isFlag("normalize_activations")) {
        return file.flag("normalize_activations", false)
            ? Normalisation.EXPECTED_AVERAGE_ONLY_IN
            : Normalisation.NONE;
      }
      String key = file.string("normalize_activations", Normalisation.NONE.key());
      return known(() -> Normalisation.of(key));
    }

    private boolean shifted(Form form) {
      boolean shifted = file.flag("apply_b_dec_to_input", !form.transcoder());
      if (shifted && form.transcoder()) {
        throw malformed(
            "expected apply_b_dec_to_input false, because a transcoder's bias belongs to its output, got true");
      }
      return shifted;
    }

    private Training training() {
      Optional<ModelConfig> processing = metadata.object("model_from_pretrained_kwargs");
      return new Training(
          metadata.string("model_name", ""),
          flag(Optional.of(metadata), "prepend_bos"),
          flag(processing, "center_writing_weights"),
          flag(processing, "fold_ln"),
          flag(processing, "fold_value_biases"));
    }

    private static Optional<Boolean> flag(Optional<ModelConfig> object, String key) {
      return object.filter(o -> o.has(key)).map(o -> o.flag(key, false));
    }

    /** What is not known to a nested reader is the file's fault. */
    private <T> T known(Supplier<T> reading) {
      try {
        return reading.get();
      } catch (IllegalArgumentException e) {
        throw malformed(String.valueOf(e.getMessage()));
      }
    }

    private MalformedModelException malformed(String reason) {
      return new MalformedModelException(file.file(), 0, reason);
    }
  }
}
