package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
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
 * The product that scores of all edges into a layer's heads come down to: what {@code sources}
 * sources add, live less corrupted, with the cotangents of what 3H targets read, over all positions
 * of a group of rows.
 */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ScoreContraction {
  /** The sources that the heads of SmolLM2's layers 1, 15 and 29 see. */
  @Param({"11", "151", "291"})
  int sources;

  /** Positions of four rollouts of 24, 96 and so on tokens. */
  @Param({"96", "384"})
  int slots;

  private final OneLayer model = new OneLayer();
  private final Holder differences = new Holder(); // [sources, slots · D]
  private final Holder reads = new Holder(); // [3H, slots · D]

  /** Makes differences and reads. */
  @Setup(Level.Trial)
  public void fill() {
    try (Scope _ = new Scope()) {
      differences.set(model.values(sources, (long) slots * OneLayer.WIDTH));
      reads.set(model.values(3 * OneLayer.HEADS, (long) slots * OneLayer.WIDTH));
    }
  }

  /** Scores {@code [sources, 3H]}. */
  @Benchmark
  public long contract() {
    try (Scope _ = new Scope()) {
      Tensor scores = differences.get().matmul(reads.get().t());
      return scores.numel();
    }
  }

  /** Frees native memory. */
  @TearDown
  public void close() {
    differences.close();
    reads.close();
    model.close();
  }
}
