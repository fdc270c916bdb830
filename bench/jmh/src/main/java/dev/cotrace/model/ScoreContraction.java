package dev.cotrace.model;

import static java.util.Objects.requireNonNull;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.PackedMatrix;
import dev.cotrace.torch.Scope;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The product that scores of edges come down to: what 32 sources add, live less corrupted, with the
 * cotangents of what the 3H + 1 targets of a layer read, over the positions of a tile. The sources
 * are packed once and multiplied by the targets of every layer after them, or are not packed.
 */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ScoreContraction {
  private static final int SOURCES = 32;
  private static final int COTANGENTS = 2;
  private static final int TARGETS = (3 * OneLayer.HEADS + 1) * COTANGENTS;

  /** Positions of a tile; of SmolLM2-135M 36 fit into it. */
  @Param({"9", "36", "144"})
  int slots;

  private final OneLayer model = new OneLayer();
  private final Holder differences = new Holder(); // [sources, slots · D]
  private final Holder reads = new Holder(); // [targets, slots · D]
  private final Holder packed = new Holder();
  private @Nullable PackedMatrix factor;

  /** Makes differences and reads. */
  @Setup(Level.Trial)
  public void fill() {
    try (Scope _ = new Scope()) {
      differences.set(model.values(SOURCES, (long) slots * OneLayer.WIDTH));
      reads.set(model.values(TARGETS, (long) slots * OneLayer.WIDTH));
      factor = packedSources();
      packed.set(factor.memory());
    }
  }

  private PackedMatrix packedSources() {
    return requireNonNull(PackedMatrix.of(differences.get(), model.placement));
  }

  /** Packs the sources. */
  @Benchmark
  public long pack() {
    try (Scope _ = new Scope()) {
      return packedSources().memory().numel();
    }
  }

  /** Scores {@code [targets, sources]} from packed sources. */
  @Benchmark
  public long packed() {
    try (Scope _ = new Scope()) {
      return requireNonNull(factor).times(reads.get(), null).numel();
    }
  }

  /** The same from sources as they are. */
  @Benchmark
  public long unpacked() {
    try (Scope _ = new Scope()) {
      return reads.get().matmul(differences.get().t()).numel();
    }
  }

  /** Frees native memory. */
  @TearDown
  public void close() {
    differences.close();
    reads.close();
    packed.close();
    model.close();
  }
}
