package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.List;
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
  private final Holder read = new Holder(); // [rows, time, D]
  private final Holder direct = new Holder();
  private final Holder throughCot = new Holder();
  private final PullBack pullBack = new PullBack(model.decoder);

  /** Makes what the layer read and the cotangents of what it wrote. */
  @Setup(Level.Trial)
  public void fill() {
    try (Scope _ = new Scope()) {
      read.set(model.values(rows, time, OneLayer.WIDTH));
      direct.set(model.values(rows, time, OneLayer.WIDTH));
      throughCot.set(model.values(rows, time, OneLayer.WIDTH));
    }
  }

  /** To every head's q, k and v. */
  @Benchmark
  public int heads() {
    try (Scope _ = new Scope()) {
      Span span = Span.of(model.placement, model.architecture, 0, time, new long[1]);
      return pullBack.heads(0, read.get(), span, List.of(direct.get(), throughCot.get())).size();
    }
  }

  /** To the MLP's read. */
  @Benchmark
  public int mlp() {
    try (Scope _ = new Scope()) {
      return pullBack.mlp(0, read.get(), List.of(direct.get(), throughCot.get())).size();
    }
  }

  /** Frees native memory. */
  @TearDown
  public void close() {
    read.close();
    direct.close();
    throughCot.close();
    model.close();
  }
}
