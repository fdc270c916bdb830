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

/** One token through a layer for every row, with the cache as it is at some length. */
@State(org.openjdk.jmh.annotations.Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class DecodeStep {
  @Param({"8", "32", "64"})
  int rows;

  @Param({"64", "512"})
  int length;

  private final OneLayer model = new OneLayer();
  private final Holder ids = new Holder();

  @SuppressWarnings("NullAway.Init") // fill makes it.
  private KvCache cache;

  /** Fills the cache. */
  @Setup(Level.Trial)
  public void fill() {
    cache = model.cache(rows, length + 1);
    try (Scope _ = new Scope()) {
      model.feed(model.ids(rows, length), cache);
      ids.set(model.ids(rows, 1));
    }
  }

  /** The step; the cache then forgets it, so that every step is at the same length. */
  @Benchmark
  public int step() {
    model.feed(ids.get(), cache);
    cache.advance(-1);
    return cache.length();
  }

  /** Frees native memory. */
  @TearDown
  public void close() {
    cache.close();
    ids.close();
    model.close();
  }
}
