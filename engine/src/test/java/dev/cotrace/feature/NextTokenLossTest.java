package dev.cotrace.feature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.Site;
import dev.cotrace.dictionary.Site.Kind;
import dev.cotrace.model.PlainRun;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NextTokenLossTest {
  private static final Placement DOUBLE = Placement.cpu(Precision.FLOAT64);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void whatIsReconstructedExactlyLosesNothingAtAnySite(String family) throws IOException {
    List<int[]> texts = TinyTexts.of(5, 7, 3);
    try (TinyModel model = TinyModel.of(family, 4, 2, 7)) {
      NextTokenLoss loss = new NextTokenLoss(model.decoder());
      double[][] plain = loss.plain(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(plain[i]).containsExactly(byPlainRun(model, texts.get(i)), close());
      }
      for (Kind kind : Kind.values()) {
        if (kind != Kind.RESIDUAL_MID || !model.architecture().parallel()) {
          Site site = new Site(kind, 1);
          int width = Activations.width(site, model.architecture());
          try (Dictionary exact =
              TinyTexts.read(TinyTexts.exact(site, width), folder.resolve(kind.name()), DOUBLE)) {
            double[][] reconstructed = loss.reconstructed(texts, exact);
            double[][] constant = loss.constant(texts, site, new double[width]);
            for (int i = 0; i < texts.size(); i++) {
              assertThat(reconstructed[i]).as("%s", site).containsExactly(plain[i], close());
              assertThat(constant[i]).as("%s", site).doesNotContain(plain[i][0]);
            }
            Fidelity fidelity = Fidelity.of(exact, model.decoder(), texts);
            assertThat(fidelity.explainedVariance()).isCloseTo(1, close());
            assertThat(fidelity.active()).isBetween(0.9 * width, (double) width);
          }
        }
      }
    }
  }

  @Test
  void aConstantStreamPredictsTheSameEverywhere() {
    List<int[]> texts = TinyTexts.of(3, 7, 3);
    double[] mean = {0.1, -0.4, 0.8, 0.3, -0.2, 0.5, 0.7, -0.9};
    try (TinyModel model = TinyModel.of("llama", 4, 2, 7);
        Scope _ = new Scope()) {
      double[] logits =
          Placement.toDoubles(model.decoder().logits(DOUBLE.tensor(mean, 1, mean.length)));
      double total = Math.log(Arrays.stream(logits).map(Math::exp).sum());
      double[][] losses =
          new NextTokenLoss(model.decoder())
              .constant(texts, Site.ofHook("blocks.1.hook_resid_post"), mean);
      for (int i = 0; i < texts.size(); i++) {
        double[] expected =
            Arrays.stream(texts.get(i)).skip(1).mapToDouble(id -> total - logits[id]).toArray();
        assertThat(losses[i]).containsExactly(expected, close());
      }
    }
  }

  private static double[] byPlainRun(TinyModel model, int[] ids) {
    double[] losses = new double[ids.length - 1];
    new PlainRun(model.decoder())
        .logProbabilities(
            ids,
            (position, values) -> {
              if (position < losses.length) {
                losses[position] = -values[ids[position + 1]];
              }
            });
    return losses;
  }

  private static Offset<Double> close() {
    return Offset.offset(1e-10);
  }
}
