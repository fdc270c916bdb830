package dev.cotrace.attribution;

import dev.cotrace.gate.Footprint;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.stream.Stream;

/**
 * The most memory that a run comes to hold, in bytes, should its rollouts use up their budget.
 *
 * @param phase in which that is
 * @param process the JVM, libtorch and the code of both
 * @param weights parameters, and the copies that kernels read
 * @param results Java's sums by cluster and bin, gradients and scores
 * @param batches side by side
 * @param batch what each of them takes
 */
public record MemoryPrediction(
    Phase phase, long process, long weights, long results, int batches, Batch batch) {
  /** Before any model is loaded, and what the heap holds beside results. */
  private static final long PROCESS = 400L << 20;

  /** A collector lets garbage lie about as large as what it keeps. */
  private static final int HEAP = 2;

  /** Rollouts that a group has by default. */
  private static final int GROUP = 8;

  /** What a run does. */
  public enum Phase {
    /** Rollouts of a gradient grow. */
    SAMPLING("sampling"),
    /** Their gradient is taken. */
    GRADIENT("gradient"),
    /** J(0) and J(1) are sampled and measured. */
    ENDS("J(0) and J(1)"),
    /** Circuits are sampled and measured. */
    CIRCUIT("circuits"),
    /** The clean model's rollouts are run in circuits. */
    FIXED_TOKENS("circuits at fixed tokens");

    private final String label;

    Phase(String label) {
      this.label = label;
    }

    /** As people are told. */
    public String label() {
      return label;
    }
  }

  /**
   * What one batch takes, in bytes.
   *
   * @param caches keys and values
   * @param tape what sampling writes down for the backward pass, or for measuring
   * @param activations of the forward pass
   * @param readout logits, and what is made of them
   * @param backward cotangents, and sums of the edges
   */
  public record Batch(long caches, long tape, long activations, long readout, long backward) {
    /** All of it. */
    public long total() {
      return caches + tape + activations + readout + backward;
    }
  }

  /** The phase of {@code some} that needs most. */
  static MemoryPrediction of(
      Footprint footprint, RunShape shape, Settings settings, Layout layout, Stream<Phase> some) {
    BatchMemory memory = new BatchMemory(footprint, shape, layout);
    HeapEstimate heap = new HeapEstimate(shape, settings, footprint.units().cells());
    int batches = shape.together(layout);
    return some.map(phase ->
            new MemoryPrediction(
                phase,
                PROCESS,
                footprint.weights(),
                Math.min(Runtime.getRuntime().maxMemory(), HEAP * heap.bytes(phase, layout)),
                batches,
                memory.of(phase)))
        .max(Comparator.comparingLong(MemoryPrediction::total))
        .orElseThrow();
  }

  /**
   * For {@code rows} rollouts in each of {@code threads} batches, with an objective that compares
   * with the clean model.
   *
   * @param prompt tokens of the longest
   * @param budget tokens that a rollout may have
   */
  public static MemoryPrediction ofBatches(
      Footprint footprint, int prompt, int budget, int rows, int threads) {
    Settings settings =
        new Settings(
            Settings.Estimator.SAMPLED,
            Math.max(2, Math.min(rows, GROUP)),
            1,
            Quadrature.EAP,
            1,
            rows,
            threads,
            0);
    RunShape shape =
        RunShape.planned(settings, Clusters.MOST, prompt, budget, true, (long) threads * rows);
    return of(footprint, shape, settings, Layout.asked(settings), Stream.of(Phase.values()));
  }

  /** All of it. */
  public long total() {
    return process + weights + results + batches * batch.total();
  }

  /** The parts by what people call them, those of all batches together. */
  public SequencedMap<String, Long> parts() {
    SequencedMap<String, Long> parts = new LinkedHashMap<>();
    parts.put("process", process);
    parts.put("weights", weights);
    parts.put("caches", batches * batch.caches);
    parts.put("tape", batches * batch.tape);
    parts.put("activations", batches * batch.activations);
    parts.put("readout", batches * batch.readout);
    parts.put("backward", batches * batch.backward);
    parts.put("results", results);
    return parts;
  }
}
