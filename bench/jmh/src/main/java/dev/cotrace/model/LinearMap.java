package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
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

/** The linear map of an MLP from D to its width, at as many rows as decoding and recording have. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LinearMap {
  @Param({"1", "8", "64", "512"})
  int rows;

  private final OneLayer model = new OneLayer();
  private final Holder input = new Holder(); // [rows, D]
  private final Linear linear = model.decoder.layer(0).mlp().up();

  /** Makes what the map is applied to. */
  @Setup(Level.Trial)
  public void fill() {
    try (Scope _ = new Scope()) {
      input.set(model.values(rows, OneLayer.WIDTH));
    }
  }

  /** The map. */
  @Benchmark
  public long apply() {
    try (Scope _ = new Scope()) {
      return linear.apply(input.get()).numel();
    }
  }

  /** Frees native memory. */
  @TearDown
  public void close() {
    input.close();
    model.close();
  }
}
