package dev.cotrace.dictionary;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What circuit-tracer's {@code config.yaml} says. Source: circuit-tracer, {@code hf_utils.py},
 * {@code load_transcoders}, {@code resolve_transcoder_paths}.
 *
 * @param folder where it lies
 * @param crossLayer {@code model_kind}
 * @param nonlinearity if it says one
 * @param k of top-k; 0 where it does not say it
 * @param files one for each layer, in order; empty where files are named by their layers
 */
record SetConfig(
    Path folder,
    boolean crossLayer,
    String model,
    Site.Kind input,
    Site.Kind output,
    Optional<Form.Nonlinearity> nonlinearity,
    int k,
    List<String> files) {
  private static final String NAME = "config.yaml";

  /** Twice as many as any model has. */
  private static final int MOST_LAYERS = 1000;

  static SetConfig read(Path folder) throws IOException {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file)) {
      throw new NoSuchFileException(
          file.toString(), null, "expected config.yaml of a set of transcoders, found nothing");
    }
    return of(folder, ModelConfig.readYaml(file));
  }

  static SetConfig of(Path folder, ModelConfig file) {
    String kind = file.string("model_kind");
    boolean crossLayer =
        switch (kind) {
          case "transcoder_set" -> false;
          case "cross_layer_transcoder" -> true;
          default ->
              throw malformed(
                  file,
                  "expected model_kind transcoder_set or cross_layer_transcoder, got '%s'"
                      .formatted(Site.excerpt(kind)));
        };
    SetConfig config =
        new SetConfig(
            folder,
            crossLayer,
            file.string("model_name", ""),
            site(file, "feature_input_hook"),
            site(file, "feature_output_hook"),
            nonlinearity(file),
            file.integer("k", 0),
            file.strings("transcoders"));
    if (config.files.size() > MOST_LAYERS || (crossLayer && !config.files.isEmpty())) {
      throw malformed(
          file,
          crossLayer
              ? "expected files W_enc_0.safetensors and so on beside it, got a list of transcoders: cross-layer ones of Gemma Scope 2 are not read"
              : "expected at most %d transcoders, got %d"
                  .formatted(MOST_LAYERS, config.files.size()));
    }
    return config;
  }

  private static Site.Kind site(ModelConfig file, String key) {
    String hook = file.string(key);
    return Site.Kind.of(hook)
        .orElseThrow(() ->
            malformed(
                file, "expected %s %s, got '%s'".formatted(key, Site.names(), Site.excerpt(hook))));
  }

  private static Optional<Form.Nonlinearity> nonlinearity(ModelConfig file) {
    String activation = file.string("activation", "");
    return switch (activation) {
      case "" -> Optional.empty();
      case "relu" -> Optional.of(Form.Nonlinearity.RELU);
      case "topk" -> Optional.of(Form.Nonlinearity.TOP_K);
      case "jumprelu", "jump_relu" -> Optional.of(Form.Nonlinearity.JUMP_RELU);
      default ->
          throw malformed(
              file,
              "expected activation relu, topk or jump_relu, got '%s'"
                  .formatted(Site.excerpt(activation)));
    };
  }

  /** A file of the folder, which a name in the configuration must not leave. */
  Path inFolder(String name) {
    boolean plain =
        !name.isEmpty()
            && name.chars().noneMatch(c -> c == '\\' || c == ':' || c == 0)
            && !name.startsWith("/")
            && !List.of(name.split("/", -1)).contains("..");
    if (!plain) {
      throw new MalformedModelException(
          folder.resolve(NAME),
          0,
          "expected transcoders in the same folder or references hf://…, got '%s'"
              .formatted(Site.excerpt(name)));
    }
    return folder.resolve(name);
  }

  /** How many files {@code name} with a layer in it there are, without a gap. */
  int layers(String name) throws IOException {
    int layers = 0;
    while (layers < MOST_LAYERS && Files.exists(folder.resolve(name.formatted(layers)))) {
      layers++;
    }
    if (layers == 0) {
      throw new NoSuchFileException(
          folder.resolve(name.formatted(0)).toString(),
          null,
          "expected a transcoder of layer 0 there, found nothing");
    }
    return layers;
  }

  private static MalformedModelException malformed(ModelConfig file, String reason) {
    return new MalformedModelException(file.file(), 0, reason);
  }
}
