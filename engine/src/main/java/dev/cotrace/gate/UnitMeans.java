package dev.cotrace.gate;

import dev.cotrace.circuit.Pieces;
import dev.cotrace.gate.PieceAmounts.Compared;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Adds up what hidden units and features amount to in a plain run; of other pieces nothing. */
final class UnitMeans {
  private final GatedModel model;
  private final Pieces pieces;
  private final PartPlaces parts;
  private final PieceAmounts amounts;
  private final Tensor sums; // [cells] in float64

  UnitMeans(GatedModel model, Tensor sums) {
    this.model = model;
    this.sums = sums;
    pieces = (Pieces) model.units();
    parts = new PartPlaces(pieces, model.features());
    amounts = new PieceAmounts(model.decoder(), pieces, model.features(), null);
  }

  /**
   * The heads of a layer.
   *
   * @param z their values, {@code [rows, time, H, dHead]}
   * @param beforeNorm the same before a norm divides them
   */
  void heads(int layer, Tensor z, Tensor beforeNorm, Tensor weights) {
    @Nullable FeatureSite site = model.features().heads(layer);
    if (site != null) {
      try (Scope _ = new Scope()) {
        HeadOutput output = model.decoder().headOutput(layer);
        Tensor values = flat(site.readsBeforeNorm() ? beforeNorm : z);
        List<Amounts> own =
            amounts.heads(layer, () -> output.perHead(z), () -> new Compared(values, null));
        add(parts.heads(layer), own.getFirst(), weights);
      }
    }
  }

  /** The MLP of a layer, by what it read and wrote, {@code [rows, time, D]}. */
  void mlp(int layer, Tensor read, Tensor output, Tensor weights) {
    try (Scope _ = new Scope()) {
      Amounts own =
          amounts.mlp(
              layer,
              () -> flat(output),
              () -> new Compared(flat(read), null),
              () -> new Compared(flat(output), null));
      add(parts.mlp(layer), own, weights);
    }
  }

  /** The stream {@code [rows, time, D]} after so many writers, if it is cut there. */
  void cut(int writers, Tensor stream, Tensor weights) {
    @Nullable FeatureSite site = model.features().cuts().get(writers);
    if (site != null) {
      try (Scope _ = new Scope()) {
        int cut = model.features().cuts().headMap(writers).size();
        Tensor live = flat(stream);
        Compared compared = new Compared(live, live.new_zeros(live.sizes()));
        add(cut, amounts.cut(cut, site, compared, /* runs= */ false), weights);
      }
    }
  }

  private static Tensor flat(Tensor x) {
    return x.reshape(x.size(0) * x.size(1), -1);
  }

  private void add(int part, Amounts amounts, Tensor weights) {
    @Nullable Tensor each =
        switch (amounts) {
          case Amounts.Neurons neurons -> neurons.difference();
          case Amounts.Features features -> features.features();
          case Amounts.Whole _, Amounts.Coordinates _ -> null;
        };
    if (each != null) {
      Tensor sum = each.mul(flat(weights)).to(Precision.FLOAT64.type()).sum(0);
      sums.narrow(0, pieces.first(part), sum.size(0)).add_(sum);
    }
  }
}
