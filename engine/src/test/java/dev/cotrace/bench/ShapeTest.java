package dev.cotrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.model.Weights;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShapeTest {
  /** The counts are those published with the models. */
  @ParameterizedTest
  @CsvSource({"smollm2-135m, 134515008", "gpt2-small, 124439808"})
  void aShapeHasAsManyParametersAsItsModel(String label, long parameters) {
    Placement small = Placement.cpu(Precision.BFLOAT16);
    try (Weights weights = Weights.random(Shape.of(label).architecture(), small, 1)) {
      assertThat(weights.count()).isEqualTo(parameters);
    }
  }
}
