package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.model.TinyModel;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** METHOD §9.2: with exact expectations the scores add up to J(1) − J(0), to quadrature error. */
final class IntegralLawsTest {
  @ParameterizedTest
  @CsvSource({
    "llama, kl, 1",
    "gpt2, kl, 2",
    "llama, kl-reverse, 3",
    "gpt2, answer-logprob, 4",
    "llama, answer-prob, 5",
    "gpt2, logit-diff, 6",
    "gpt2, exact-match, 7",
    "llama, 0.5*length - contains(\"0\"), 8",
    "gpt_neox, answer-prob, 9",
    "gemma, answer-logprob, 12",
    "gemma, kl, 11",
  })
  void theAdaptiveRuleIsComplete(String family, String objective, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Attribution attribution = attribute(model, objective, Quadrature.ADAPTIVE, 400);
      double difference = attribution.clean().value() - attribution.corrupted().value();
      assertThat(Math.abs(difference)).isGreaterThan(1e-3);
      // The rule stops at 1e-7 of the scores' norm, or here at its budget, which sharp integrands
      // use up.
      assertThat(attribution.gap().value()).isCloseTo(0, offset(1e-5 * norm(attribution)));
      assertThat(total(attribution)).isCloseTo(difference, offset(1e-5 * norm(attribution)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GAUSS_LEGENDRE", "MIDPOINT", "TRAPEZOID", "LEFT", "UNIFORM"})
  void theGapOfEveryFixedRuleShrinksWithMorePoints(Quadrature quadrature) {
    try (TinyModel model = TinyModel.gpt2(8, 1, 4)) {
      double few = Math.abs(attribute(model, "answer-logprob", quadrature, 4).gap().value());
      double many = Math.abs(attribute(model, "answer-logprob", quadrature, 32).gap().value());
      assertThat(many).isLessThan(few / 4);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22})
  void directAndThroughCotAddUpToTheScore(long seed) {
    try (TinyModel model = TinyModel.llama(seed, 2, 4)) {
      Attribution a = attribute(model, "answer-logprob + kl", Quadrature.GAUSS_LEGENDRE, 3);
      for (int cell : a.graph().edgeCells()) {
        double parts = a.direct().values()[cell] + a.throughCot().values()[cell];
        assertThat(a.total().values()[cell]).isCloseTo(parts, offset(1e-12));
      }
    }
  }

  private static Attribution attribute(
      TinyModel model, String objective, Quadrature quadrature, int points) {
    Workload work =
        Tiny.work(model, Tiny.task(2, Tiny.PAIRS), objective, Tiny.enumerate(quadrature, points));
    return new IntegratedGradient(work, RunListener.SILENT).attribute();
  }

  private static double total(Attribution attribution) {
    return Arrays.stream(attribution.total().values()).sum();
  }

  private static double norm(Attribution attribution) {
    return Math.sqrt(Arrays.stream(attribution.total().values()).map(v -> v * v).sum());
  }
}
