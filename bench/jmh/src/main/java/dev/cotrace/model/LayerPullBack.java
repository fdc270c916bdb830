package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
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

/** The ways back through a layer's heads and MLP, for the direct and the through-CoT cotangent. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LayerPullBack {
  @Param({"8", "32"})
  int rows;

  @Param({"64", "256"})
  int time;

  private final OneLayer model = new OneLayer();
  private final Holder read = new Holder(); // [rows · time, D]
  private final Holder cotangents = new Holder(); // of the two parts, [2, rows · time, D]
  private final PullBack pullBack = new PullBack(model.decoder);

  /** Makes what the layer read and the cotangents of what it wrote. */
  @Setup(Level.Trial)
  public void fill() {
    try (Scope _ = new Scope()) {
      read.set(model.values((long) rows * time, OneLayer.WIDTH));
      cotangents.set(model.values(2, (long) rows * time, OneLayer.WIDTH));
    }
  }

  /** To every head's q, k and v. */
  @Benchmark
  public long heads() {
    try (Scope _ = new Scope()) {
      int[] lengths = new int[rows];
      Arrays.fill(lengths, time);
      PackedRows packed = new PackedRows(model.decoder, lengths);
      return pullBack.heads(0, read.get(), packed, cotangents.get(), null).reads().numel();
    }
  }

  /** To the MLP's read. */
  @Benchmark
  public long mlp() {
    try (Scope _ = new Scope()) {
      return pullBack.mlp(0, read.get(), cotangents.get()).numel();
    }
  }

  /** Frees native memory. */
  @TearDown
  public void close() {
    read.close();
    cotangents.close();
    model.close();
  }
}
