package dev.cotrace.dictionary;

import dev.cotrace.format.ModelConfig;
import dev.cotrace.format.Npz;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.Sha256;
import dev.cotrace.format.TensorFile;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds out which of the formats a dictionary is stored in, and reads it. */
final class DictionaryFiles {
  private static final String SAE_LENS_CONFIG = "cfg.json";
  private static final String SAE_LENS_WEIGHTS = "sae_weights.safetensors";
  private static final String GEMMA_SCOPE = "params.npz";
  private static final String GEMMA_SCOPE_2 = "params.safetensors";
  private static final String GEMMA_SCOPE_2_CONFIG = "config.json";
  private static final String SET = "config.yaml";

  private DictionaryFiles() {}

  static Dictionary read(Path path, Supplement told, Placement placement) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(
          path.toString(), null, "expected a folder or file of a dictionary, found nothing");
    }
    if (Files.isDirectory(path)) {
      return inFolder(path, told, placement);
    }
    String name = String.valueOf(path.getFileName());
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null
        && List.of(SAE_LENS_CONFIG, SAE_LENS_WEIGHTS).contains(name)
        && Files.exists(folder.resolve(SAE_LENS_CONFIG))) {
      return saeLens(folder, told, placement);
    }
    if (name.endsWith(".npz") || name.endsWith(".safetensors")) {
      return singleFile(path, told, placement);
    }
    throw new IllegalArgumentException(
        Safetensors.isPickle(path)
            ? "%s is a pickle, which can run code and is not read here: save the dictionary with SAELens' save_model"
                .formatted(path)
            : "expected a folder with cfg.json, or a file .npz or .safetensors, got %s"
                .formatted(path));
  }

  private static Dictionary inFolder(Path folder, Supplement told, Placement placement)
      throws IOException {
    if (Files.exists(folder.resolve(SAE_LENS_CONFIG))) {
      return saeLens(folder, told, placement);
    }
    for (String name : List.of(GEMMA_SCOPE, GEMMA_SCOPE_2)) {
      if (Files.exists(folder.resolve(name))) {
        return singleFile(folder.resolve(name), told, placement);
      }
    }
    if (Files.exists(folder.resolve(SET))) {
      throw new IllegalArgumentException(
          "expected one dictionary, but %s holds a set of transcoders (config.yaml): read it as a set"
              .formatted(folder));
    }
    throw new IllegalArgumentException(
        "expected cfg.json, params.npz or params.safetensors in %s, found %s"
            .formatted(folder, names(folder)));
  }

  private static Dictionary saeLens(Path folder, Supplement told, Placement placement)
      throws IOException {
    Path file = folder.resolve(SAE_LENS_CONFIG);
    SaeLensConfig config = SaeLensConfig.of(ModelConfig.read(file));
    boolean scaled = config.normalisation() == Normalisation.EXPECTED_AVERAGE_ONLY_IN;
    if (told.inputScale().isPresent() && !scaled) {
      throw new IllegalArgumentException(
          "%s says normalize_activations %s, so there is no factor of inputs to tell"
              .formatted(file, config.normalisation().key()));
    }
    boolean folded = told.inputScale().isPresent();
    DictionaryDescription description =
        new DictionaryDescription(
            folder,
            config.form(),
            site("input", config.input(), told.input(), file),
            site("output", config.output(), told.output(), file),
            config.dIn(),
            config.dOut(),
            config.features(),
            folded ? Normalisation.NONE : config.normalisation(),
            config.training());
    Recipe recipe =
        new Recipe(
            description,
            Recipe.Layout.SAE_LENS,
            config.shifted(),
            config.decoderNorms(),
            config.tuned(),
            /* rectified= */ true,
            told.inputScale());
    return make(open(folder.resolve(SAE_LENS_WEIGHTS)), placement, _ -> recipe);
  }

  /** A file without a configuration of its own: of Gemma Scope, or of circuit-tracer. */
  private static Dictionary singleFile(Path file, Supplement told, Placement placement)
      throws IOException {
    return layer(file, told, Training.of("", Optional.empty()), Optional.empty(), 0, placement);
  }

  /**
   * As a set has one for each layer.
   *
   * @param told where it belongs, if its folder does not say so
   * @param training where the folder says nothing of it
   * @param nonlinearity of circuit-tracer's files, if the set says it
   * @param k as {@code nonlinearity}; 0 where it says none
   */
  static Dictionary layer(
      Path file,
      Supplement told,
      Training training,
      Optional<Form.Nonlinearity> nonlinearity,
      int k,
      Placement placement)
      throws IOException {
    Path beside = file.resolveSibling(GEMMA_SCOPE_2_CONFIG);
    Optional<GemmaScope> known =
        file.endsWith(GEMMA_SCOPE_2) && Files.exists(beside)
            ? Optional.of(GemmaScope.ofConfig(ModelConfig.read(beside)))
            : GemmaScope.ofPath(file);
    Site input = site("input", known.map(GemmaScope::input), told.input(), file);
    Site output = site("output", known.map(GemmaScope::output), told.output(), file);
    if (told.inputScale().isPresent()) {
      throw new IllegalArgumentException(
          "%s reads inputs as they are, so there is no factor of inputs to tell".formatted(file));
    }
    Training trained =
        known.map(scope -> Training.of(scope.model(), Optional.of(true))).orElse(training);
    return make(
        open(file),
        placement,
        parameters ->
            file.endsWith(GEMMA_SCOPE_2) || parameters.featuresLast()
                ? gemmaScope(file, input, output, trained, parameters)
                : LayerFile.recipe(file, input, output, trained, nonlinearity, k, parameters));
  }

  private static Recipe gemmaScope(
      Path file, Site input, Site output, Training training, StoredParameters parameters) {
    long[] encoder = parameters.shape("W_enc", 2);
    Recipe.Layout layout = Recipe.Layout.GEMMA_SCOPE;
    return Recipe.plain(
        new DictionaryDescription(
            file,
            new Form(
                Form.Nonlinearity.JUMP_RELU,
                0,
                !input.equals(output),
                parameters.has(layout.skip())),
            input,
            output,
            encoder[0],
            parameters.shape("b_dec", 1)[0],
            encoder[1],
            Normalisation.NONE,
            training),
        layout,
        true);
  }

  /** Says how the tensors of an opened file are to be read. */
  interface Recipes {
    Recipe of(StoredParameters parameters);
  }

  /** Makes a dictionary of an opened file, which is closed when that fails. */
  static Dictionary make(TensorFile file, Placement placement, Recipes recipes) throws IOException {
    boolean made = false;
    try {
      StoredParameters parameters = new StoredParameters(file, placement);
      Recipe recipe = recipes.of(parameters);
      Dictionary dictionary =
          new Dictionary(
              recipe.description(),
              recipe.identity(Sha256.of(file.path())),
              parameters,
              p -> recipe.make(p, placement));
      made = true;
      return dictionary;
    } finally {
      if (!made) {
        file.close();
      }
    }
  }

  static TensorFile open(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(
          file.toString(), null, "expected the weights of a dictionary there, found nothing");
    }
    return file.toString().endsWith(".npz") ? Npz.open(file) : Safetensors.open(file);
  }

  private static Site site(String which, Optional<Site> stored, Optional<Site> told, Path file) {
    if (stored.isPresent() && told.isPresent() && !stored.equals(told)) {
      throw new IllegalArgumentException(
          "%s says that its %s is %s, but it was told to be %s"
              .formatted(file, which, stored.orElseThrow(), told.orElseThrow()));
    }
    return stored
        .or(() -> told)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "nothing says where in a model the %s of %s is: tell its site, such as --hook blocks.8.hook_resid_pre; folders as Gemma Scope has them (gemma-scope-2b-pt-res/layer_20/…) do"
                    .formatted(which, file)));
  }

  private static String names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names =
          files.map(file -> String.valueOf(file.getFileName())).sorted().limit(10).toList();
      return names.isEmpty() ? "nothing" : names.toString();
    }
  }
}
