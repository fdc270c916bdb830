package dev.cotrace.model;

import dev.cotrace.format.ModelConfig;
import dev.cotrace.format.Sha256;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;

/** A model of a file or directory, ready to run; owns its parameters and its tokenizer. */
public final class Model implements AutoCloseable {
  private final ModelFiles files;
  private final Path path;
  private final Weights weights;
  private final Decoder decoder;
  private final Optional<Tokenizer> tokenizer;

  private Model(
      Path path,
      ModelFiles files,
      Architecture architecture,
      Weights weights,
      Optional<Tokenizer> tokenizer) {
    this.path = path;
    this.files = files;
    this.weights = weights;
    this.tokenizer = tokenizer;
    decoder = new Decoder(architecture, weights);
  }

  /**
   * Loads a model of the families {@code llama} and {@code gpt2}. A directory without a tokenizer
   * is a model over bare token ids.
   *
   * <p>A file in the placement's precision is mapped, not copied, when the placement is the CPU; it
   * must not change while the model is open. Quantised parameters are decoded: the model is the
   * quantised one.
   *
   * @param path a Hugging Face model directory, a GGUF file, or a directory with one GGUF file
   * @throws IllegalArgumentException when there is no model at {@code path}
   * @throws dev.cotrace.format.MalformedModelException when a file is broken, lacks a parameter, or
   *     asks for something unsupported
   * @throws dev.cotrace.torch.ShapeMismatchException when a parameter has another shape than the
   *     configuration says
   */
  public static Model load(Path path, Placement placement) throws IOException {
    ModelFiles files = ModelFiles.at(path);
    Optional<Tokenizer> tokenizer = files.tokenizer();
    Set<Integer> endTokens = tokenizer.map(Tokenizer::endTokens).orElse(Set.of());
    try (ModelReader reader = ModelReader.of(files, endTokens)) {
      Weights weights = reader.weights(placement);
      return new Model(path, files, reader.architecture(), weights, tokenizer);
    } catch (IOException | RuntimeException | Error e) {
      tokenizer.ifPresent(Tokenizer::close);
      throw e;
    }
  }

  /**
   * The tokenizer of the model at {@code path}, without loading its weights; none for a model over
   * bare token ids. The caller closes it.
   */
  public static Optional<Tokenizer> tokenizerOf(Path path) throws IOException {
    return ModelFiles.at(path).tokenizer();
  }

  /**
   * The shape of the model at {@code path}; reads neither parameters nor the tokenizer.
   *
   * @throws IllegalArgumentException as {@link #load}
   * @throws dev.cotrace.format.MalformedModelException as {@link #load}, but for its parameters
   */
  public static Architecture architectureAt(Path path) throws IOException {
    Path config = path.resolve("config.json");
    if (Files.exists(config)) { // No weights are needed for it.
      return HuggingFaceArchitecture.of(ModelConfig.read(config), Set.of());
    }
    try (ModelReader reader = ModelReader.of(ModelFiles.at(path), Set.of())) {
      return reader.architecture();
    }
  }

  /** The model's shape. */
  public Architecture architecture() {
    return decoder.architecture();
  }

  /** Number of parameters; tied ones count once. */
  public long parameterCount() {
    return weights.count();
  }

  /** The forward pass; usable until the model is closed. */
  public Decoder decoder() {
    return decoder;
  }

  /** The model's tokenizer; none for a model over bare token ids. Closed with the model. */
  public Optional<Tokenizer> tokenizer() {
    return tokenizer;
  }

  /** Where the model was loaded from. */
  public Path path() {
    return path;
  }

  /**
   * The SHA-256 of every file that makes the model what it is, in hexadecimal, by file name. Reads
   * the files anew at each call.
   */
  public SequencedMap<String, String> sha256() throws IOException {
    return sha256(files);
  }

  /** As {@link #sha256()}, of the model at {@code path}, without loading it. */
  public static SequencedMap<String, String> sha256Of(Path path) throws IOException {
    return sha256(ModelFiles.at(path));
  }

  private static SequencedMap<String, String> sha256(ModelFiles files) throws IOException {
    SequencedMap<String, String> digests = new TreeMap<>();
    for (Path file : files.all()) {
      digests.put(file.getFileName().toString(), Sha256.of(file));
    }
    return Collections.unmodifiableSequencedMap(digests);
  }

  @Override
  public void close() {
    weights.close();
    tokenizer.ifPresent(Tokenizer::close);
  }
}
