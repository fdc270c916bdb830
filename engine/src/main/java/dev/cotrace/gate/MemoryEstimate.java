package dev.cotrace.gate;

import dev.cotrace.model.Architecture;

/**
 * About how much memory an attribution needs, in bytes. An estimate: what libtorch allocates for a
 * moment is not all counted.
 *
 * @param weights the parameters at the run's precision
 * @param batch one batch of rollouts at the worse of two moments, sampling and pulling back
 */
public record MemoryEstimate(long weights, long batch) {
  /** The bytes of a float64. */
  private static final int EXACT = 8;

  /**
   * The need of one batch.
   *
   * @param parameters of the model
   * @param rows rollouts in the batch
   * @param positions of prompt, chain of thought and answer together
   * @param withClean whether the objective compares with the clean model
   */
  public static MemoryEstimate of(
      GatedModel model, long parameters, long rows, long positions, boolean withClean) {
    Architecture a = model.decoder().architecture();
    long bytes = model.placement().precision().bytes();
    long slots = rows * positions;
    long blocks = withClean ? 3 : 2;
    long heads = (long) a.heads() * a.headDimension();
    long cache = 2L * a.layers() * a.keyValueHeads() * a.headDimension() * blocks * slots * bytes;
    long sampling = cache + 3 * rows * a.vocabulary() * EXACT;
    long recorded = model.recordedBytes(slots) + 2L * a.layers() * slots * a.width() * bytes;
    // Two cotangents, direct and through the words, of every head's reads; scores of all heads,
    // kept
    // three times for their gradient; hidden units of an MLP and what leads to them.
    long reads = 2L * 3 * a.heads() * slots * a.width() * bytes;
    long scores = 3 * slots * positions * a.heads() * bytes;
    long hidden = slots * (4L * a.mlp().width() + 8 * heads) * bytes;
    long sums = 2 * slots * a.width() * EXACT;
    long pullingBack = recorded + Math.max(cache, reads + Math.max(scores, hidden) + sums);
    return new MemoryEstimate(parameters * bytes, Math.max(sampling, pullingBack));
  }

  /** All of it, with {@code threads} batches at a time. */
  public long total(int threads) {
    return weights + threads * batch;
  }
}
