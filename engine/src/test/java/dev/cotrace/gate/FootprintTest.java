package dev.cotrace.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.model.Model;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Path;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FootprintTest {
  private static final Path ROOT = Path.of(System.getProperty("cotrace.root", ".."));

  /** Norms and biases, which are left out, are some percent of tiny models only. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "models/arithmetic",
        "goldens/transformers/llama-gqa-tied",
        "goldens/transformers/gpt2-inner",
        "goldens/transformers/gpt_neox-parallel",
        "goldens/transformers/gemma2"
      })
  void weightsAreThoseOfTheLoadedModel(String name) throws IOException {
    Placement exact = Placement.cpu(Precision.FLOAT64);
    try (Model model = Model.load(ROOT.resolve(name), exact)) {
      assertThat(Footprint.of(model.architecture(), exact).weights())
          .isCloseTo(model.parameterCount() * Double.BYTES, Percentage.withPercentage(10));
    }
  }
}
