package dev.cotrace.gate;

import static java.util.Objects.requireNonNull;

import dev.cotrace.circuit.Pieces;
import dev.cotrace.gate.PieceAmounts.Compared;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The {@link Amounts} of a model's parts at slots of a tape. Runs in the caller's scope. */
final class TapeAmounts {
  private final GatedModel model;
  private final PieceAmounts amounts;
  private final Comparisons compared;
  private final Tape tape;

  TapeAmounts(GatedModel model, Tape tape) {
    this.model = model;
    amounts =
        new PieceAmounts(
            model.decoder(), (Pieces) model.units(), model.features(), tape.unitConstants());
    compared = new Comparisons(model.units(), model.features());
    this.tape = tape;
  }

  Amounts cut(int cut, FeatureSite site, Tensor at) {
    return amounts.cut(cut, site, tape.corrupted().cut(cut, at), tape.hasCorruptedRun());
  }

  Amounts input(Tensor at) {
    return amounts.input(tape.inputDifference(at));
  }

  List<Amounts> heads(int layer, Tensor at) {
    return amounts.heads(
        layer, () -> tape.headDifferences(layer, at), () -> comparedHeads(layer, at));
  }

  Amounts mlp(int layer, Tensor at) {
    return amounts.mlp(
        layer,
        () -> tape.mlpDifference(layer, at),
        () -> comparedMlpReads(layer, at),
        () -> comparedMlps(layer, at));
  }

  /** The features of the MLP of {@code layer} in the live run, {@code [n, F]}. */
  Tensor liveFeatures(int layer, Tensor at, FeatureSite site) {
    return site.ofMlp(
        site.readsMlpInput() ? tape.mlpReads(layer, at) : comparedMlps(layer, at).live());
  }

  private Compared comparedMlpReads(int layer, Tensor at) {
    return new Compared(
        tape.mlpReads(layer, at),
        tape.hasCorruptedRun() ? tape.corrupted().mlpReads(layer, at) : null);
  }

  /** What the MLP of {@code layer} wrote at {@code at}, {@code [n, D]}. */
  Compared comparedMlps(int layer, Tensor at) {
    Tensor difference = tape.mlpDifference(layer, at);
    if (tape.hasCorruptedRun()) {
      Tensor other = tape.corrupted().mlps(layer, at);
      return new Compared(difference.add(other), other);
    }
    int source = model.graph().mlpSource(layer);
    return new Compared(difference.add(requireNonNull(tape.constant(source, at))), null);
  }

  private Compared comparedHeads(int layer, Tensor at) {
    @Nullable Tensor other = tape.hasCorruptedRun() ? tape.corrupted().heads(layer, at) : null;
    if (compared.headsBeforeNorm(layer)) {
      return new Compared(tape.corrupted().liveHeads(layer, at), other);
    }
    Tensor values = tape.headValues(layer, at);
    return new Compared(other == null ? values : values.add(other), other);
  }
}
