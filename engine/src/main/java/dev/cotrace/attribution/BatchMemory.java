package dev.cotrace.attribution;

import dev.cotrace.attribution.MemoryPrediction.Batch;
import dev.cotrace.attribution.MemoryPrediction.Phase;
import dev.cotrace.gate.Footprint;
import dev.cotrace.rollout.TranscriptScorer;

/**
 * What one batch takes in each phase of a run.
 *
 * @param footprint of the model
 * @param shape of the run
 * @param layout of its work
 */
record BatchMemory(Footprint footprint, RunShape shape, Layout layout) {
  Batch of(Phase phase) {
    return switch (phase) {
      case SAMPLING -> sampling();
      case GRADIENT -> gradient();
      case ENDS -> measuring(/* circuit= */ false);
      case CIRCUIT -> measuring(/* circuit= */ true);
      case FIXED_TOKENS -> rerun(/* circuit= */ true);
    };
  }

  /** What is recorded of {@code places} for a gradient. */
  private long tape(long places) {
    return shape.tapes() * footprint.tape(places);
  }

  /** Rows that grow together. */
  private long rows() {
    return shape.groupsOfBatch(layout) * shape.groupRows();
  }

  /** Rollouts of a batch. */
  private long rollouts() {
    if (!shape.ends()) {
      return rows();
    }
    int fillings = layout.fillings(tape((long) shape.prompt() + shape.budget()));
    long all = shape.groups() * shape.groupRows();
    return Math.max(rows(), Math.min(fillings * rows(), all / layout.threads()));
  }

  private Batch sampling() {
    boolean recorded = layout.backward() == Settings.Backward.RECORDED;
    return new Batch(
        caches(/* circuit= */ false),
        recorded ? tape(recordedPlaces()) : 0,
        prefill(),
        footprint.nextTokens(rows()),
        0);
  }

  /** The cache, and that of the prompts, or of the rows before some ended, which it is made of. */
  private long caches(boolean circuit) {
    long prompts = shape.ends() ? rows() : prompts();
    return cache(shape.blocks() * (rows() + prompts), circuit);
  }

  private long cache(long rows, boolean circuit) {
    return circuit
        ? footprint.circuitCache(rows, shape.positions())
        : footprint.cache(rows, shape.positions());
  }

  /** Prompts of the rows that grow together. */
  private long prompts() {
    return Math.max(1, rows() / shape.groupRows());
  }

  private long prefill() {
    return Math.max(
        footprint.forward(shape.blocks() * prompts(), shape.prompt()),
        footprint.forward(shape.blocks() * rows(), 1));
  }

  private long circuitPrefill() {
    return Math.max(
        footprint.circuit(prompts(), shape.prompt(), shape.blocks()),
        footprint.circuit(rows(), 1, shape.blocks()));
  }

  /** Prompts once for each group, what follows them for every rollout. */
  private long recordedPlaces() {
    long groups = Math.max(1, rollouts() / shape.groupRows());
    return groups * shape.prompt() + rollouts() * (shape.budget() + (long) shape.after());
  }

  private Batch gradient() {
    boolean recorded = !shape.listed() && layout.backward() == Settings.Backward.RECORDED;
    long tape = tape(shape.positions());
    long rows =
        recorded
            ? rollouts()
            : Math.min(rollouts(), Math.max(shape.groupRows(), layout.rowsAtOnce(tape)));
    long groups = Math.max(1, rows / shape.groupRows());
    long parts = shape.gradientsPerRollout() > 2 ? rows : groups * Math.max(1, shape.bins());
    long again = recorded ? 0 : footprint.forward(shape.blocks() * rows, shape.positions());
    long cache = recorded ? 0 : footprint.cache(shape.blocks() * rows, shape.positions());
    return new Batch(
        cache,
        recorded ? tape(recordedPlaces()) : rows * tape,
        again + clean(rows),
        readout(rows, /* gradients= */ true),
        footprint.backward(places(rows), shape.gradientsPerRollout(), parts));
  }

  /** Those of {@code rows} rollouts; where every rollout is a part of its own nothing is shared. */
  private Footprint.Places places(long rows) {
    long all = rows * shape.positions();
    if (shape.gradientsPerRollout() > 2) {
      return new Footprint.Places(all, all, 0, shape.positions());
    }
    long prompts = Math.max(1, rows / shape.groupRows()) * shape.prompt();
    long distinct = prompts + rows * (shape.positions() - shape.prompt());
    return new Footprint.Places(all, distinct, prompts, shape.positions());
  }

  private Batch measuring(boolean circuit) {
    return shape.listed() ? rerun(circuit) : measuringSampled(circuit);
  }

  /**
   * Samples while it records what the logits read, then reads values off that, as many rollouts of
   * one group at a time as grow together. At gates 1 and 0 there may be no corrupted rows: this is
   * the most.
   */
  private Batch measuringSampled(boolean circuit) {
    long rows = Math.min(shape.rollouts(), layout.batchRows());
    long read = footprint.finalReads(rows * shape.positions());
    return new Batch(
        caches(circuit),
        footprint.finalReads(recordedPlaces()),
        read + clean(rows) + (circuit ? circuitPrefill() : prefill()),
        Math.max(readout(rows, /* gradients= */ false), footprint.nextTokens(rows())),
        0);
  }

  /** Runs the transcripts of one group once more. */
  private Batch rerun(boolean circuit) {
    long rows = Math.min(shape.rollouts(), layout.rowsAtOnce(tape(shape.positions())));
    long whole = shape.blocks() * rows;
    long forward =
        circuit
            ? footprint.circuit(rows, shape.positions(), shape.blocks())
            : footprint.forward(whole, shape.positions());
    return new Batch(
        cache(whole, circuit), 0, forward + clean(rows), readout(rows, /* gradients= */ false), 0);
  }

  /** The clean model over whole transcripts, as many as it takes at a time. */
  private long clean(long rows) {
    if (!shape.divergence()) {
      return 0;
    }
    return footprint.plain(rows, shape.positions());
  }

  private long readout(long rows, boolean gradients) {
    return TranscriptScorer.readoutMemory(
        footprint.vocabulary(),
        footprint.bytes(),
        rows * shape.read(),
        shape.divergence(),
        gradients);
  }
}
