package dev.cotrace.gate;

import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
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
final class PieceAmounts {
  private final Decoder decoder;
  private final Pieces pieces;
  private final FeatureSites features;
  private final PartPlaces parts;
  private final @Nullable Tensor constants; // [cells]

  /**
   * Amounts of the parts of {@code pieces}.
   *
   * @param constants what hidden units and features are compared with where there is no corrupted
   *     run, {@code [cells]}; null for zeros
   */
  PieceAmounts(Decoder decoder, Pieces pieces, FeatureSites features, @Nullable Tensor constants) {
    this.decoder = decoder;
    this.pieces = pieces;
    this.features = features;
    this.constants = constants;
    parts = new PartPlaces(pieces, features);
  }

  /**
   * What a live run has and what a corrupted one has there.
   *
   * @param corrupted null where there is no such run
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
    if (pieces.level() == Level.NEURON) {
      MlpOutput output = decoder.mlpOutput(layer);
      return new Amounts.Neurons(amounts(reads.get(), output::hidden, parts.mlp(layer)), output);
    }
    @Nullable FeatureSite site = features.mlp(layer);
    if (site == null) {
      return node(difference.get());
    }
    Compared compared = site.readsMlpInput() ? reads.get() : outputs.get();
    return new Amounts.Features(
        difference.get(), amounts(compared, site::ofMlp, parts.mlp(layer)), site);
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
    return List.of(
        new Amounts.Features(
            each.sum(0), amounts(values.get(), site::ofHeads, parts.heads(layer)), site));
  }

  /**
   * The stream where it is cut.
   *
   * @param cut for the how manieth time, from 0
   * @param stream both sides, {@code [n, D]}
   * @param runs whether the corrupted side is a run
   */
  Amounts cut(int cut, FeatureSite site, Compared stream, boolean runs) {
    Compared compared = runs ? stream : new Compared(stream.live, null);
    return new Amounts.Features(
        stream.by(UnaryOperator.identity()), amounts(compared, site::ofStream, cut), site);
  }

  /** What {@code function} makes of the live run less of the corrupted one, or of constants. */
  private Tensor amounts(Compared compared, UnaryOperator<Tensor> function, int part) {
    Tensor difference = compared.by(function);
    return compared.corrupted != null || constants == null
        ? difference
        : difference.sub(constants.narrow(0, pieces.first(part), difference.size(1)));
  }

  private Amounts node(Tensor difference) {
    return pieces.level() == Level.RESIDUAL_DIM
        ? new Amounts.Coordinates(difference)
        : new Amounts.Whole(difference);
  }
}
