package dev.cotrace.dictionary;

import static dev.cotrace.dictionary.GoldenDictionary.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is done to the inputs of dictionaries, where no golden shows it. */
class InputScaleTest {
  private static final Placement DOUBLE = Placement.cpu(Precision.FLOAT64);

  @TempDir private Path folder;

  /** As SAELens folds it: times W_enc, through W_dec and b_dec, whose norms come after. */
  @ParameterizedTest
  @CsvSource({"standard-folded", "topk-decoder-norm"})
  void aFactorOfInputsIsFoldedBeforeNormsAreTaken(String name) throws IOException {
    Path folder = GoldenDictionary.folder(name);
    Path configuration = Path.of("cfg.json");
    Path told = Files.createDirectories(this.folder.resolve("told"));
    Path folded = Files.createDirectories(this.folder.resolve("folded"));
    String stored =
        Files.readString(folder.resolve(configuration))
            .replaceAll("(\"normalize_activations\": )\"\\w+\"", "$1\"expected_average_only_in\"");
    Files.writeString(told.resolve(configuration), stored);
    Files.writeString(
        folded.resolve(configuration), stored.replace("expected_average_only_in", "none"));
    String weights = "sae_weights.safetensors";
    Files.copy(folder.resolve(weights), told.resolve(weights));
    List<StoredTensor> tensors = new ArrayList<>();
    try (Safetensors file = Safetensors.open(folder.resolve(weights))) {
      file.tensors()
          .forEach((tensor, values) -> {
            float[] all = new float[Math.toIntExact(values.elements())];
            values.decode(0, all);
            float factor = tensor.equals("W_enc") ? 4 : tensor.endsWith("_dec") ? 0.25f : 1;
            for (int i = 0; i < all.length; i++) {
              all[i] *= factor;
            }
            tensors.add(StoredTensor.of(tensor, all, values.shape()));
          });
    }
    Safetensors.write(folded.resolve(weights), Map.of(), tensors);
    try (Dictionary one = Dictionary.read(told, Supplement.none().scaledBy(4), DOUBLE);
        Dictionary other = Dictionary.read(folded, DOUBLE);
        GoldenDictionary golden = GoldenDictionary.open(name);
        Scope _ = new Scope()) {
      Tensor x = golden.tensor("x", DOUBLE);
      Tensor features = other.encode(x);
      // The factor, a power of 2, is exact: only sums of float64 differ.
      assertClose(one.encode(x), Placement.toDoubles(features), 1e-12);
      assertClose(one.decode(features, x), Placement.toDoubles(other.decode(features, x)), 1e-12);
      assertThat(one.identity()).isNotEqualTo(other.identity());
    }
  }

  @Test
  void nothingIsAddedWhereTheInputIsZeroAndIsBroughtToANorm() throws IOException {
    try (Dictionary dictionary =
            Dictionary.read(GoldenDictionary.folder("topk-constant-norm"), DOUBLE);
        Scope _ = new Scope()) {
      Tensor zero = DOUBLE.zeros(1, dictionary.description().dIn());
      // Features of the biases, times the least norm of 1e-30.
      assertThat(Arrays.stream(Placement.toDoubles(dictionary.amounts(zero))))
          .allMatch(amount -> Math.abs(amount) < 1e-20);
      assertThat(
              Arrays.stream(Placement.toDoubles(dictionary.decode(dictionary.encode(zero), zero))))
          .allMatch(Double::isFinite);
    }
  }
}
