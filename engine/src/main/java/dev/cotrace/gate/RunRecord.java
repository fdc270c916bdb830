package dev.cotrace.gate;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * What runs leave behind, one slot for each live row and position that was fed, in the order in
 * which they were: a {@link Tape} all that their backward pass reads, {@link FinalReads} no more
 * than what measuring them takes.
 *
 * <p>Sequences may share slots: rollouts those of their prompt, branches those of their stem.
 */
public sealed interface RunRecord extends AutoCloseable permits Tape, FinalReads {
  /** Number of slots so far. */
  int slots();

  /** Makes room for as many slots more, so that nothing is copied before there are more of them. */
  void expect(int more);

  /**
   * What the logits read, {@code [N, D]}: the positions of all sequences one after another; in the
   * caller's scope.
   *
   * @param sequences for each, the slot of each of its positions
   */
  Tensor finalReads(List<int[]> sequences);

  @Override
  void close();
}
