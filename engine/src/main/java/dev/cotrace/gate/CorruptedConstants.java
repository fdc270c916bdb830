package dev.cotrace.gate;

import dev.cotrace.model.HeadOutput;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Corrupted values that no run gives: constants.
 *
 * @param outputs of every source, {@code [nSrc, P, D]}
 * @param streams sums of the first sources and all that belongs to none, {@code [nSrc + 1, P, D]}
 * @param places which of the P belongs to each live slot, {@code [rows · time]}; null when P = 1
 * @param placeOf the same on the host, all 0 when P = 1
 * @param time slots of each row
 * @param units amounts of all pieces, {@code [cells]}; null for zeros
 */
record CorruptedConstants(
    Blocks blocks,
    Tensor outputs,
    Tensor streams,
    @Nullable Tensor places,
    long[] placeOf,
    int time,
    @Nullable Tensor units)
    implements CorruptedValues {
  @Override
  public void corrupt(Tensor embedding) {
    // There is no corrupted run whose input could change.
  }

  @Override
  public Tensor stream(Tensor sum, int sources) {
    return placed(streams.select(0, sources));
  }

  @Override
  public Tensor output(int source, Tensor output) {
    return placed(outputs.select(0, source));
  }

  @Override
  public @Nullable Tensor heads(Tensor z) {
    return null;
  }

  @Override
  public Tensor headDifferences(int source, Tensor z, HeadOutput output) {
    Tensor live = output.perHead(blocks.live(z, 0));
    Tensor constants = outputs.narrow(0, source, live.size(0));
    return live.sub_(places == null ? constants : constants.index_select(1, places));
  }

  /** {@code [P, D]} at the live slots, {@code [rows, time, D]}; for P = 1 itself. */
  private Tensor placed(Tensor x) {
    return places == null ? x : x.index_select(0, places).reshape(blocks.rows(), time, x.size(1));
  }
}
