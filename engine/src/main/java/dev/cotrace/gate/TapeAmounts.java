package dev.cotrace.gate;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The {@link Amounts} of a model's parts at slots of a tape. Runs in the caller's scope. */
final class TapeAmounts {
  private final PieceAmounts amounts;
  private final Tape tape;

  TapeAmounts(GatedModel model, Tape tape) {
    amounts = new PieceAmounts(model.decoder(), model.units(), model.features());
    this.tape = tape;
  }

  Amounts input(Tensor at) {
    return amounts.input(tape.inputDifference(at));
  }

  List<Amounts> heads(int layer, Tensor at) {
    return amounts.heads(
        layer, () -> tape.headDifferences(layer, at), () -> tape.comparedHeads(layer, at));
  }

  Amounts mlp(int layer, Tensor at) {
    return amounts.mlp(
        layer,
        () -> tape.mlpDifference(layer, at),
        () -> tape.comparedMlpReads(layer, at),
        () -> tape.comparedMlps(layer, at));
  }
}
