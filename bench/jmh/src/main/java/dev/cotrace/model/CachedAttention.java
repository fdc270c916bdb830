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

/** Attention of one token a row to all cached positions. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CachedAttention {
  @Param({"8", "64"})
  int rows;

  @Param({"64", "256", "1024"})
  int length;

  private final OneLayer model = new OneLayer();
  private final Holder query = new Holder(); // [rows, 1, H, dHead]
  private final Holder keys = new Holder(); // [rows, Hk, length, dHead]
  private final Holder values = new Holder();

  /** Makes queries, keys and values. */
  @Setup(Level.Trial)
  public void fill() {
    try (Scope _ = new Scope()) {
      query.set(model.values(rows, 1, OneLayer.HEADS, OneLayer.HEAD_DIMENSION));
      keys.set(model.values(rows, OneLayer.KEY_VALUE_HEADS, length, OneLayer.HEAD_DIMENSION));
      values.set(model.values(rows, OneLayer.KEY_VALUE_HEADS, length, OneLayer.HEAD_DIMENSION));
    }
  }

  /** What the heads carry. */
  @Benchmark
  public long attend() {
    try (Scope _ = new Scope()) {
      return model.decoder.attend(query.get(), keys.get(), values.get(), null, false).numel();
    }
  }

  /** Frees native memory. */
  @TearDown
  public void close() {
    query.close();
    keys.close();
    values.close();
    model.close();
  }
}
