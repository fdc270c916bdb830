package dev.cotrace.model;

import dev.cotrace.format.Gguf;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.TokenizerDescription;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Where a model lies and in which of the two formats. */
sealed interface ModelFiles {
  /** A directory as {@code save_pretrained} writes it. */
  record HuggingFace(Path directory) implements ModelFiles {
    Path config() {
      return directory.resolve("config.json");
    }

    Path generationConfig() {
      return directory.resolve("generation_config.json");
    }

    @Override
    public Optional<Tokenizer> tokenizer() throws IOException {
      return tokenizerIn(directory);
    }

    @Override
    public List<Path> all() {
      return list(
          directory,
          name ->
              name.endsWith(".safetensors") || name.endsWith(".json") || name.endsWith(".jinja"));
    }
  }

  /** One GGUF file, or the first part of several. */
  record SingleGguf(Path file) implements ModelFiles {
    @Override
    public Optional<Tokenizer> tokenizer() throws IOException {
      Path directory = file.toAbsolutePath().getParent();
      Optional<Tokenizer> beside = directory == null ? Optional.empty() : tokenizerIn(directory);
      if (beside.isPresent()) {
        return beside;
      }
      try (Gguf gguf = Gguf.open(file)) {
        return gguf.metadata().contains(GGUF_TOKENS)
            ? Optional.of(Tokenizer.fromGguf(gguf))
            : Optional.empty();
      }
    }

    /** The parts and, where a tokenizer of files beside them is used, those files. */
    @Override
    public List<Path> all() {
      Path directory = file.toAbsolutePath().getParent();
      return Stream.concat(
              Gguf.parts(file).stream(),
              directory == null ? Stream.of() : TokenizerDescription.filesIn(directory).stream())
          .sorted()
          .toList();
    }
  }

  /** Where a GGUF file that describes a tokenizer lists its tokens. */
  String GGUF_TOKENS = "tokenizer.ggml.tokens";

  /** The tokenizer of the model, if its files have one. */
  Optional<Tokenizer> tokenizer() throws IOException;

  /** Every file that makes the model what it is, sorted by name. */
  List<Path> all();

  /**
   * Finds the model at {@code path}: a GGUF file, a directory with {@code config.json}, or a
   * directory with one GGUF file.
   *
   * @throws IllegalArgumentException when there is none
   */
  static ModelFiles at(Path path) throws IOException {
    if (Files.isRegularFile(path) && path.toString().endsWith(".gguf")) {
      return new SingleGguf(path);
    }
    if (!Files.isDirectory(path)) {
      if (!Files.exists(path)) {
        throw new NoSuchFileException(
            path.toString(), null, "expected a model directory or a .gguf file, found nothing");
      }
      Path parent = path.toAbsolutePath().getParent();
      if (Safetensors.isPickle(path) && parent != null) {
        throw new IllegalArgumentException(Safetensors.pickled(path, parent));
      }
      throw new IllegalArgumentException(
          "expected a model directory or a .gguf file, got the file %s; name the directory it lies in"
              .formatted(path));
    }
    List<Path> gguf =
        list(path, name -> name.endsWith(".gguf")).stream()
            .map(file -> Gguf.parts(file).getFirst())
            .distinct()
            .toList();
    boolean weights = !list(path, name -> name.startsWith("model.safetensors")).isEmpty();
    if (gguf.isEmpty() || weights) {
      requireConfig(path);
      return new HuggingFace(path);
    }
    if (gguf.size() > 1) {
      throw new IllegalArgumentException(
          "expected one .gguf file in %s, found %s; name the one to load"
              .formatted(path, names(gguf)));
    }
    if (!Files.exists(gguf.getFirst())) {
      throw new IllegalArgumentException(
          "expected the first part %s beside the others, found no such file"
              .formatted(gguf.getFirst()));
    }
    return new SingleGguf(gguf.getFirst());
  }

  private static Optional<Tokenizer> tokenizerIn(Path directory) throws IOException {
    Path file = directory.resolve("tokenizer.json");
    return Files.exists(file) ? Optional.of(Tokenizer.open(file)) : Optional.empty();
  }

  private static void requireConfig(Path directory) {
    if (!Files.exists(directory.resolve("config.json"))) {
      List<Path> found = list(directory, _ -> true);
      throw new IllegalArgumentException(
          "expected config.json or a .gguf file in %s, found %s"
              .formatted(directory, found.isEmpty() ? "nothing" : names(found)));
    }
  }

  private static List<String> names(List<Path> files) {
    return files.stream().map(file -> file.getFileName().toString()).toList();
  }

  private static List<Path> list(Path directory, Predicate<String> name) {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> name.test(file.getFileName().toString()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
