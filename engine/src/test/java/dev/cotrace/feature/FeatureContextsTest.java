package dev.cotrace.feature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.Site;
import dev.cotrace.feature.FeatureContexts.Context;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureContextsTest {
  private static final Placement DOUBLE = Placement.cpu(Precision.FLOAT64);
  private static final Site SITE = Site.ofHook("blocks.0.hook_mlp_out");

  @TempDir Path folder;

  @Test
  void theyAreThoseOfAllActivationsAtOnce() throws IOException {
    List<int[]> texts = TinyTexts.of(150, 9, 3);
    try (TinyModel model = TinyModel.of("gemma", 4, 1, 9);
        Dictionary dictionary = TinyTexts.read(TinyTexts.exact(SITE, 8), folder, DOUBLE);
        Scope _ = new Scope()) {
      List<Integer> progress = new ArrayList<>();
      FeatureContexts found =
          FeatureContexts.find(dictionary, model.decoder(), texts, 6, progress::add);
      double[] all =
          Placement.toDoubles(dictionary.encode(new Activations(model.decoder()).at(SITE, texts)));
      int positions = texts.stream().mapToInt(ids -> ids.length).sum();
      assertThat(progress).containsExactly(64, 128, 150);
      assertThat(found.positions()).isEqualTo(positions);
      for (int f = 0; f < 16; f++) {
        double sum = 0;
        int active = 0;
        int at = 0;
        List<Context> expected = new ArrayList<>();
        for (int text = 0; text < texts.size(); text++) {
          Context best = new Context(text, 0, 0);
          for (int t = 0; t < texts.get(text).length; t++, at++) {
            double value = all[at * 16 + f];
            sum += value;
            active += value > 0 ? 1 : 0;
            best = value > best.value() ? new Context(text, t, value) : best;
          }
          if (best.value() > 0) {
            expected.add(best);
          }
        }
        expected.sort(Comparator.comparingDouble(context -> -context.value()));
        assertThat(found.frequency()[f]).isEqualTo((double) active / positions);
        assertThat(found.mean()[f]).isCloseTo(sum / positions, Offset.offset(1e-12));
        assertThat(found.strength()[f]).isCloseTo(found.mean()[f], Offset.offset(1e-12));
        assertThat(found.of(f)).hasSize(Math.min(6, expected.size()));
        for (int c = 0; c < found.of(f).size(); c++) {
          Context context = found.of(f).get(c);
          int[] text = texts.get(context.sequence());
          assertThat(context.value())
              .isCloseTo(expected.get(c).value(), Offset.offset(1e-12))
              .isCloseTo(value(all, texts, context, f), Offset.offset(1e-12));
          assertThat(context.position()).isLessThan(text.length);
        }
      }
      int[] strongest = found.strongest(3);
      assertThat(found.strength()[strongest[0]])
          .isGreaterThanOrEqualTo(found.strength()[strongest[1]]);
    }
  }

  private static double value(double[] all, List<int[]> texts, Context context, int feature) {
    int before = texts.stream().limit(context.sequence()).mapToInt(ids -> ids.length).sum();
    return all[(before + context.position()) * 16 + feature];
  }
}
