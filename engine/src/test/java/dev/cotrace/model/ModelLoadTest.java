package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.format.Goldens;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelLoadTest {
  private static final Placement EXACT = Placement.cpu(Precision.FLOAT64);
  private static final int[] IDS = {3, 1, 4, 1, 5, 9, 2, 6, 5, 35, 8, 9, 7, 9, 32, 38, 4, 6};

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"llama-gqa-tied", "llama-head-dim", "llama-biases"})
  void ggufGivesTheLogitsOfTheHuggingFaceDirectory(String name) throws IOException {
    // One order of sums and the same float weights: only epsilon, a float in GGUF, differs.
    assertClose(logits(writeGguf(name, false)), logits(golden(name)), 1e-9);
  }

  @Test
  void ggufGivesLlama3ScalingAsDivisors() throws IOException {
    // The divisors are floats: 6e-8 of an angle of up to 18 radians.
    assertClose(
        logits(writeGguf("llama-rope-llama3", false)), logits(golden("llama-rope-llama3")), 1e-5);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-gqa-tied", "llama-rope-llama3"})
  void quantisedGgufGivesTheLogitsOfTheRoundedWeights(String name) throws IOException {
    Path gguf = writeGguf(name, true);
    ModelFolder rounded = ModelFolder.copyOf(name, Files.createDirectory(directory.resolve("hf")));
    rounded.weights(tensor -> {
      double[] values = new double[(int) tensor.elements()];
      tensor.decode(0, values);
      return LlamaGguf.isQuantised(tensor)
          ? StoredTensor.of(tensor.name(), GgufWriter.rounded(values), tensor.shape())
          : tensor;
    });
    assertClose(logits(gguf), logits(rounded.path()), 1e-5);
    assertThat(logits(gguf)).isNotEqualTo(logits(golden(name)));
  }

  @Test
  void aDirectoryWithOneGgufFileIsThatModel() throws IOException {
    Path gguf = writeGguf("llama-head-dim", false);
    assertThat(logits(directory)).isEqualTo(logits(gguf));
  }

  @Test
  void aLlamaSavedWithoutItsHeadHasNoPrefix() throws IOException {
    ModelFolder folder = ModelFolder.copyOf("llama-gqa-tied", directory);
    folder.weights(t -> ModelFolder.renamed(t, t.name().replaceFirst("^model\\.", "")));
    assertThat(logits(directory)).isEqualTo(logits(golden("llama-gqa-tied")));
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void everyPrecisionLoadsWeightsOfEveryType(Precision precision) throws IOException {
    for (String name : List.of("llama-bfloat16", "llama-float16", "llama-gqa-tied", "gpt2-hub")) {
      try (Model model = Model.load(golden(name), Placement.cpu(precision))) {
        assertThat(model.decoder().placement().precision()).isEqualTo(precision);
        assertThat(PlainRuns.logits(model.decoder(), IDS)[0]).doesNotContain(Double.NaN);
      }
    }
  }

  @Test
  void endTokensAreThoseOfTheModelAndOfItsGeneration() throws IOException {
    ModelFolder folder = ModelFolder.copyOf("llama-gqa-tied", directory);
    folder.config(config -> config.put("eos_token_id", 3));
    Files.writeString(directory.resolve("generation_config.json"), "{\"eos_token_id\": [5, 7]}");
    try (Model model = Model.load(directory, EXACT)) {
      assertThat(model.architecture().endTokens()).containsExactlyInAnyOrder(3, 5, 7);
    }
  }

  @Test
  void aDirectoryWithoutATokenizerIsAModelOverBareIds() throws IOException {
    try (Model model = Model.load(golden("gpt2-hub"), EXACT)) {
      assertThat(model.tokenizer()).isEmpty();
    }
  }

  @Test
  void aTokenizerBesideAGgufFileCountsAmongItsFiles() throws IOException {
    Path gguf = writeGguf("llama-head-dim", false);
    Path tokenizer = Goldens.file("tokenizers/llama2/tokenizer.json");
    Files.copy(tokenizer, directory.resolve("tokenizer.json"));
    try (Model model = Model.load(gguf, EXACT)) {
      assertThat(model.sha256()).containsOnlyKeys("llama-head-dim.gguf", "tokenizer.json");
    }
  }

  @Test
  void digestsNameEveryFileOfTheModel() throws IOException {
    try (Model model = Model.load(golden("llama-sharded"), EXACT)) {
      assertThat(model.sha256())
          .containsKeys("config.json", "model-00001-of-00003.safetensors")
          .allSatisfy((_, digest) -> assertThat(digest).matches("[0-9a-f]{64}"));
    }
  }

  private Path writeGguf(String name, boolean quantised) throws IOException {
    GoldenModel golden = GoldenModel.read(name);
    List<StoredTensor> weights = new ModelFolder(golden.folder()).weights();
    Path file = directory.resolve(name + ".gguf");
    LlamaGguf.of(golden.config(), weights, quantised).write(file);
    return file;
  }

  private static Path golden(String name) {
    return GoldenModel.read(name).folder();
  }

  private static double[] logits(Path path) throws IOException {
    try (Model model = Model.load(path, EXACT)) {
      return Arrays.stream(PlainRuns.logits(model.decoder(), IDS))
          .flatMapToDouble(Arrays::stream)
          .toArray();
    }
  }

  /** Equal within {@code tolerance} times the largest expected value. */
  private static void assertClose(double[] actual, double[] expected, double tolerance) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(actual).containsExactly(expected, Offset.offset(tolerance * largest));
  }
}
