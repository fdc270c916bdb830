package dev.cotrace.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.gate.SharedPlaces.Stretch;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Places that rows share go back once, with the same gradients as one by one. */
final class SharedPlacesTest {
  private static final int WIDTH = 8;

  /** Of the largest gradient: both sides are float64, summed in different orders. */
  private static final double ROUNDING = 1e-11;

  /**
   * A prompt of two, with branches of branches, one that ends where others go on, and a stranger.
   */
  private static final List<int[]> ROWS =
      List.of(
          new int[] {1, 2, 3, 0, 1, 1},
          new int[] {1, 2, 3, 0, 2},
          new int[] {1, 2, 0},
          new int[] {1, 2, 3, 0, 1, 1, 3, 2},
          new int[] {1, 2, 0, 3, 3},
          new int[] {2, 2, 3});

  /** Those of each row that no row before it has. */
  private static final int PLACES = 6 + 1 + 1 + 2 + 2 + 3;

  @ParameterizedTest
  @CsvSource({
    "llama, 1024, 1",
    "llama, 3, 2",
    "gpt2, 1, 3",
    "gpt2, 8, 4",
    "gpt_neox, 5, 5",
    "gemma, 1024, 6",
    "gemma, 4, 7"
  })
  void sharedPlacesGiveTheGradientsOfRowsApart(String family, int placesAtOnce, long seed) {
    try (TinyModel model = TinyModel.of(family, seed, 2, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      Recording run = run(model, tape);
      GateGradient shared = new GateGradient(GatedModel.of(model.decoder()), placesAtOnce);
      GateGradients together = shared.of(run, cotangents(model, run, seed), Parts.ofRows(6));
      GateGradients apart = shared.of(run, cotangents(model, run, seed), Parts.eachRow(6));
      for (int cotangent = 0; cotangent < 2; cotangent++) {
        double[] whole = together.units()[0][cotangent];
        double[] sum = new double[whole.length];
        for (double[][] row : apart.units()) {
          double[] own = row[cotangent];
          Arrays.setAll(sum, cell -> sum[cell] + own[cell]);
        }
        double largest = Arrays.stream(sum).map(Math::abs).max().orElseThrow();
        assertThat(whole).containsExactly(sum, offset(ROUNDING * largest));
        assertThat(DoubleStream.of(together.positions()[cotangent]).sum())
            .isCloseTo(
                DoubleStream.of(apart.positions()[cotangent]).sum(), offset(ROUNDING * largest));
      }
    }
  }

  @Test
  void rowsShareWhatTheyBeginWithAndNothingElse() {
    try (TinyModel model = TinyModel.llama(8, 1, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      Recording run = run(model, tape);
      SharedPlaces places = new SharedPlaces(run, Parts.ofRows(6));
      assertThat(places.count()).isEqualTo(PLACES);
      assertThat(new SharedPlaces(run, Parts.eachRow(6)).count()).isEqualTo(run.places());
      double[] ones = DoubleStream.generate(() -> 1).limit(PLACES).toArray();
      assertThat(DoubleStream.of(places.dealt(ones)).sum()).isCloseTo(PLACES, offset(1e-12));
    }
  }

  /** What follows has to have gone back before its stem does. */
  @ParameterizedTest
  @CsvSource({"1", "4", "100"})
  void passesHaveEveryPlaceOnceAndStemsAfterTheirBranches(int most) {
    try (TinyModel model = TinyModel.llama(9, 1, 4);
        Scope _ = new Scope();
        Tape tape = new Tape(GatedModel.of(model.decoder()))) {
      SharedPlaces places = new SharedPlaces(run(model, tape), Parts.ofRows(6));
      Set<Stretch> gone = new HashSet<>();
      for (List<Stretch> pass : places.passes(most)) {
        for (Stretch stretch : pass) {
          assertThat(Collections.disjoint(gone, stretch.stem())).isTrue();
          assertThat(Collections.disjoint(pass, stretch.stem())).isTrue();
        }
        gone.addAll(pass);
      }
      assertThat(gone.stream().flatMapToInt(Stretch::places).sorted())
          .containsExactlyElementsOf(IntStream.range(0, PLACES).boxed().toList());
    }
  }

  /** Rows that begin alike have gates alike, as rollouts of one prompt do. */
  private static Recording run(TinyModel model, Tape tape) {
    List<SequencePairs.Row> rows =
        ROWS.stream()
            .map(ids -> {
              int[] corrupted = Arrays.stream(ids).map(id -> (id + 1) % 4).toArray();
              return new SequencePairs.Row(ids, corrupted, new int[0], 0);
            })
            .toList();
    Gates gates = new Gates.Uniform(new double[] {0.4, 0.4, 0.4, 0.4, 0.4, 0.7});
    SequencePairs sequences = new SequencePairs(rows, new Corruption.Same());
    return Recording.of(GatedModel.of(model.decoder()), gates, sequences, tape);
  }

  private static Tensor cotangents(TinyModel model, Recording run, long seed) {
    double[] values =
        new SplittableRandom(seed).doubles(2L * run.places() * WIDTH, -1, 1).toArray();
    return model.decoder().placement().tensor(values, 2, run.places(), WIDTH);
  }
}
