package dev.cotrace.dictionary;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a dictionary of Gemma Scope belongs: its files do not say, their folders do. Gemma Scope 2
 * has a {@code config.json} beside most. Sources: SAELens 6.54, {@code pretrained_sae_loaders.py},
 * {@code get_gemma_2_config_from_hf}, {@code get_gemma_2_transcoder_config_from_hf}, {@code
 * get_gemma_3_config_from_hf}.
 *
 * @param input where it reads
 * @param output where it writes
 * @param model the model's name, without an organisation
 */
record GemmaScope(Site input, Site output, String model) {
  private static final Pattern FIRST =
      Pattern.compile("gemma-scope-(2b|9b|27b)-(pt|it)-(res|mlp|att|transcoders)(?=[/-])");
  private static final Pattern SECOND =
      Pattern.compile(
          "gemma-scope-2-(\\d{1,4}[mb])-(pt|it)/(?:[^/]+/)*?(resid_post|attn_out|mlp_out|transcoder)[a-z_]*/layer_");
  private static final Pattern LAYER = Pattern.compile("/layer_(\\d{1,6})(?=[/_])");
  private static final Pattern HOOK =
      Pattern.compile("model\\.(?:[a-z_]+\\.)?layers\\.(\\d{1,6})\\.([a-z_.]{1,60})");

  /**
   * What the folders of {@code file} say, if they are those of Gemma Scope.
   *
   * @throws IllegalArgumentException when they say that it reads the token embedding
   */
  static Optional<GemmaScope> ofPath(Path file) {
    String path = file.toAbsolutePath().normalize().toString().replace('\\', '/');
    Matcher first = last(FIRST, path);
    Matcher second = last(SECOND, path);
    Matcher layer = last(LAYER, path);
    if (first != null && path.contains("/embedding/")) {
      throw new IllegalArgumentException(
          "%s reads token embeddings before they are scaled, which is no site here"
              .formatted(file));
    }
    if (layer == null) {
      return Optional.empty();
    }
    int number = Integer.parseInt(layer.group(1));
    if (second != null) {
      String model =
          "gemma-3-%s%s".formatted(second.group(1), second.group(2).equals("it") ? "-it" : "-pt");
      return Optional.of(
          switch (second.group(3)) {
            case "resid_post" -> at(Site.Kind.RESIDUAL_POST, number, model);
            case "attn_out" -> at(Site.Kind.HEAD_VALUES, number, model);
            case "mlp_out" -> at(Site.Kind.MLP_OUTPUT, number, model);
            default -> transcoder(Site.Kind.MLP_INPUT, number, model);
          });
    }
    if (first == null) {
      return Optional.empty();
    }
    String model =
        "gemma-2-%s%s".formatted(first.group(1), first.group(2).equals("it") ? "-it" : "");
    return Optional.of(
        switch (first.group(3)) {
          case "res" -> at(Site.Kind.RESIDUAL_POST, number, model);
          case "att" -> at(Site.Kind.HEAD_VALUES, number, model);
          case "mlp" -> at(Site.Kind.MLP_OUTPUT, number, model);
          default -> transcoder(Site.Kind.MLP_NORMALISED, number, model);
        });
  }

  /**
   * What a {@code config.json} of Gemma Scope 2 says.
   *
   * @throws MalformedModelException when it asks for what is not known
   */
  static GemmaScope ofConfig(ModelConfig config) {
    String architecture = config.string("architecture");
    if (!architecture.equals("jump_relu")) {
      throw new MalformedModelException(
          config.file(),
          0,
          "expected the architecture jump_relu, got '%s'".formatted(Site.excerpt(architecture)));
    }
    Site input = site(config, "hf_hook_point_in");
    Site output = config.has("hf_hook_point_out") ? site(config, "hf_hook_point_out") : input;
    return new GemmaScope(input, output, config.string("model_name", ""));
  }

  /** By the name of a module of transformers, whose input or output it is. */
  private static Site site(ModelConfig config, String key) {
    String name = config.string(key);
    Matcher matcher = HOOK.matcher(name);
    Optional<Site.Kind> kind =
        matcher.matches()
            ? Optional.ofNullable(
                switch (matcher.group(2)) {
                  case "output" -> Site.Kind.RESIDUAL_POST;
                  case "self_attn.o_proj.input" -> Site.Kind.HEAD_VALUES;
                  case "post_attention_layernorm.output" -> Site.Kind.ATTENTION_OUTPUT;
                  case "pre_feedforward_layernorm.output" -> Site.Kind.MLP_INPUT;
                  case "post_feedforward_layernorm.output" -> Site.Kind.MLP_OUTPUT;
                  default -> null;
                })
            : Optional.empty();
    return kind.map(k -> new Site(k, Integer.parseInt(matcher.group(1))))
        .orElseThrow(() ->
            new MalformedModelException(
                config.file(),
                0,
                "expected %s such as model.layers.9.output, or of a norm or o_proj of a layer, got '%s'"
                    .formatted(key, Site.excerpt(name))));
  }

  private static GemmaScope at(Site.Kind kind, int layer, String model) {
    Site site = new Site(kind, layer);
    return new GemmaScope(site, site, model);
  }

  private static GemmaScope transcoder(Site.Kind input, int layer, String model) {
    return new GemmaScope(new Site(input, layer), new Site(Site.Kind.MLP_OUTPUT, layer), model);
  }

  /** The last place where {@code pattern} is found. */
  private static @Nullable Matcher last(Pattern pattern, String path) {
    Matcher matcher = pattern.matcher(path);
    @Nullable Matcher found = null;
    while (matcher.find()) {
      found = pattern.matcher(path);
      found.find(matcher.start());
    }
    return found;
  }
}
