package dev.cotrace.gate;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.TinyDictionary;
import dev.cotrace.gate.PieceAmounts.Compared;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a gate on a feature does to the stream, against features taken out of it by hand. */
final class PieceStreamTest {
  private static final Placement EXACT = Placement.cpu(Precision.FLOAT64);
  private static final int[] CLEAN = {1, 2, 0, 3};
  private static final SequencePairs PAIRS =
      new SequencePairs(
          List.of(new SequencePairs.Row(CLEAN, new int[] {1, 3, 0, 2}, new int[0], 0)),
          new Corruption.Same());
  private static final int FEATURES = 6;

  @TempDir private Path folder;

  /** Of the last layer, behind which nothing but the logits reads. */
  @ParameterizedTest
  @CsvSource({
    "llama, topk, blocks.1.hook_mlp_out",
    "gpt2, standard-layer-norm, blocks.1.hook_mlp_out",
    "gemma, topk, blocks.1.hook_mlp_out",
    "gpt2, topk, blocks.1.hook_resid_post",
    "gemma, standard, blocks.1.hook_resid_post"
  })
  void gatesScaleHowFarEachFeatureDiffersFromTheCorruptedRun(
      String family, String architecture, String hook) throws IOException {
    try (TinyModel model = TinyModel.of(family, 21, 2, 4);
        Dictionary dictionary =
            Dictionary.read(
                TinyDictionary.write(folder.resolve("d"), architecture, hook, hook, 8, FEATURES),
                EXACT);
        Scope _ = new Scope()) {
      GatedModel gated =
          GatedModel.of(model.decoder())
              .with(FeatureSites.of(model.decoder(), List.of(dictionary)), ErrorUnits.GATED);
      Pieces pieces = (Pieces) gated.units();
      double[] z = new double[pieces.cells()];
      Arrays.fill(z, 1);
      int first = pieces.cell((hook.contains("resid") ? "r1post" : "m1") + ".f0");
      double[] own = {0.3, 0, 1, 0.9, 0.5, 0, 0.25}; // of features, then of the error
      System.arraycopy(own, 0, z, first, own.length);
      try (FinalReads reads = new FinalReads(gated);
          GatedDecoding decoding = new GatedDecoding(gated, new Corruption.Same(), 0, reads);
          Tape tape = new Tape(gated)) {
        decoding.admit(new Gates.PerPiece(pieces, z), PAIRS, new int[0]);
        Recording clean = Recording.of(gated, new Gates.Uniform(new double[] {1}), PAIRS, tape);
        double[] actual = Placement.toDoubles(reads.finalReads(decoding.slots(PAIRS)));
        Tensor plain = clean.finalReads();
        Tensor at = EXACT.indices(new long[] {0, 1, 2, 3}, CLEAN.length);
        Compared site =
            hook.contains("resid")
                ? tape.corrupted().cut(0, at)
                : new TapeAmounts(gated, tape).comparedMlps(1, at);
        assertThat(actual)
            .containsExactly(
                Placement.toDoubles(byHand(dictionary, plain, site, own)), offset(1e-12))
            .isNotEqualTo(Placement.toDoubles(plain));
      }
    }
  }

  private static Tensor byHand(Dictionary dictionary, Tensor plain, Compared site, double[] z) {
    Tensor live = site.live();
    Tensor shut = requireNonNull(site.corrupted());
    Tensor sum = plain.clone();
    Tensor features = EXACT.zeros(live.shape());
    for (int i = 0; i < FEATURES; i++) {
      Tensor own = reconstruction(dictionary, live, i).sub(reconstruction(dictionary, shut, i));
      sum.add_(own.mul(EXACT.tensor(new double[] {z[i] - 1}, 1)));
      features.add_(own);
    }
    Tensor error = live.sub(shut).sub(features);
    return sum.add_(error.mul(EXACT.tensor(new double[] {z[FEATURES] - 1}, 1)));
  }

  /** What feature {@code i} alone changes in what the dictionary makes of {@code x}. */
  private static Tensor reconstruction(Dictionary dictionary, Tensor x, int i) {
    Tensor all = dictionary.encode(x);
    Tensor without = all.clone();
    without.select(1, i).zero_();
    return dictionary.decode(all, x).sub(dictionary.decode(without, x));
  }
}
