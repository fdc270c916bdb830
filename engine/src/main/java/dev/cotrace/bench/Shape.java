package dev.cotrace.bench;

import dev.cotrace.model.Architecture;
import dev.cotrace.model.Architecture.Activation;
import dev.cotrace.model.Architecture.Attention;
import dev.cotrace.model.Architecture.Mlp;
import dev.cotrace.model.Architecture.Normalisation;
import dev.cotrace.model.Rotary;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** Shapes of well-known models, to be filled with random parameters: speed depends on shape. */
public enum Shape {
  /** SmolLM2-135M: 30 layers of 9 query heads on 3 key/value heads. */
  SMOLLM2_135M {
    @Override
    Architecture architecture() {
      return Architecture.llama(
          Attention.plain(30, 9, 3, 64, Rotary.of(100_000, 64)),
          /* width= */ 576,
          /* mlpWidth= */ 1536,
          /* vocabulary= */ 49_152,
          /* maxPositions= */ 8192,
          /* epsilon= */ 1e-5,
          /* tiedUnembedding= */ true,
          Set.of());
    }
  },

  /** The small GPT-2: 12 layers of 12 heads, learned positions. */
  GPT2_SMALL {
    @Override
    Architecture architecture() {
      return new Architecture(
          "gpt2",
          /* layers= */ 12,
          /* width= */ 768,
          /* vocabulary= */ 50_257,
          /* maxPositions= */ 1024,
          Attention.plain(12, 12, 12, 64, Rotary.NONE).withBiases(),
          new Mlp(3072, Activation.GELU_TANH, /* gated= */ false, /* bias= */ true),
          Normalisation.layerNorm(1e-5),
          /* parallel= */ false,
          /* embeddingScale= */ 1,
          /* logitCap= */ 0,
          /* tiedUnembedding= */ true,
          Set.of());
    }
  };

  abstract Architecture architecture();

  /** The name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The shape of this name.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static Shape of(String label) {
    return Arrays.stream(values())
        .filter(shape -> shape.label().equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "expected --shape %s, got %s"
                    .formatted(
                        Arrays.stream(values())
                            .map(Shape::label)
                            .collect(Collectors.joining(" or ")),
                        label)));
  }
}
