package dev.cotrace.gate;

import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Units;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.MlpOutput;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link Amounts} of what parts write at some places. All methods run in the caller's scope.
 */
record PieceAmounts(Decoder decoder, Units units, FeatureSites features) {
  /**
   * What a live run has and what a corrupted one has there.
   *
   * @param corrupted null where there is no such run: hidden units and features are 0 there
   */
  record Compared(Tensor live, @Nullable Tensor corrupted) {
    /** {@code f(live) − f(corrupted)}. */
    Tensor by(UnaryOperator<Tensor> function) {
      Tensor difference = function.apply(live);
      return corrupted == null ? difference : difference.sub(function.apply(corrupted));
    }
  }

  /** The input, of the difference {@code [n, D]}. */
  Amounts input(Tensor difference) {
    return node(difference);
  }

  /**
   * The MLP of {@code layer}. Only what the units need is asked for.
   *
   * @param difference o − o', {@code [n, D]}
   * @param reads what it read, {@code [n, D]}
   * @param outputs what it wrote, {@code [n, D]}
   */
  Amounts mlp(
      int layer,
      Supplier<Tensor> difference,
      Supplier<Compared> reads,
      Supplier<Compared> outputs) {
    if (units.level() == Level.NEURON) {
      MlpOutput output = decoder.mlpOutput(layer);
      return new Amounts.Neurons(reads.get().by(output::hidden), output);
    }
    @Nullable FeatureSite site = features.mlp(layer);
    if (site == null) {
      return node(difference.get());
    }
    Compared compared = site.readsMlpInput() ? reads.get() : outputs.get();
    return new Amounts.Features(difference.get(), compared.by(site::ofMlp), site);
  }

  /**
   * The heads of {@code layer}, one by one or together.
   *
   * @param differences o − o' of each, {@code [H, n, D]}
   * @param values z of all heads side by side, {@code [n, H · dHead]}
   */
  List<Amounts> heads(int layer, Supplier<Tensor> differences, Supplier<Compared> values) {
    Tensor each = differences.get();
    @Nullable FeatureSite site = features.heads(layer);
    if (site == null) {
      return IntStream.range(0, Math.toIntExact(each.size(0)))
          .mapToObj(head -> node(each.select(0, head)))
          .toList();
    }
    return List.of(new Amounts.Features(each.sum(0), values.get().by(site::ofHeads), site));
  }

  /**
   * The stream where it is cut.
   *
   * @param stream both sides, {@code [n, D]}
   * @param runs whether the corrupted side is a run; if not, features are compared with 0
   */
  static Amounts cut(FeatureSite site, Compared stream, boolean runs) {
    Compared compared = runs ? stream : new Compared(stream.live, null);
    return new Amounts.Features(
        stream.by(UnaryOperator.identity()), compared.by(site::ofStream), site);
  }

  private Amounts node(Tensor difference) {
    return units.level() == Level.RESIDUAL_DIM
        ? new Amounts.Coordinates(difference)
        : new Amounts.Whole(difference);
  }
}
