package dev.cotrace.attribution;

/**
 * One prompt at one gate value, with random streams of its own.
 *
 * @param index counts the jobs of a run; names the random streams
 * @param prompt index of the pair in the task
 * @param repeat index of the repeat
 * @param writer whose output is held at {@code alpha}, where the method holds one; else 0
 * @param alpha the gate of all edges, or of what is held; 1 = clean
 * @param sampledAt the gate at which its rollouts are drawn; {@code alpha} but for references
 * @param rollouts K, number of rollouts
 */
public record Job(
    long index, int prompt, int repeat, int writer, double alpha, double sampledAt, int rollouts) {
  /** A job at the same gate of all edges, where its rollouts are drawn. */
  Job(long index, int prompt, int repeat, double alpha, int rollouts) {
    this(index, prompt, repeat, 0, alpha, alpha, rollouts);
  }

  /** The same job at the gate where its rollouts are drawn. */
  Job whereDrawn() {
    return new Job(index, prompt, repeat, writer, sampledAt, sampledAt, rollouts);
  }

  /**
   * Names the noise on the embeddings of the corrupted run: the same at every gate, so that scores
   * add up to J(1) − J(0) for the noise that was drawn.
   */
  public long noise() {
    return ((long) prompt << Integer.SIZE) + repeat;
  }
}
