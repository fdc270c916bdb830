package dev.cotrace.spark;

import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.Remote;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.jspecify.annotations.Nullable;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/** The executors of a Spark application: a task is a partition of its own. */
final class SparkRemote implements Remote {
  /** So many tasks for each core: few enough to fill batches, enough to even out. */
  private static final int TASKS_PER_CORE = 4;

  private static final long LOOK_MILLIS = 100;

  private final JavaSparkContext spark;
  private final ExecutorWork work;
  private long tasks;
  private long bytes;

  /**
   * Executors that work on the run of {@code spec}, laid out so.
   *
   * @param spec as YAML, with paths that are the same on every machine
   */
  SparkRemote(JavaSparkContext spark, String spec, Layout layout) {
    this.spark = spark;
    work = new ExecutorWork(spec, layout);
  }

  /** What a task gave. */
  private record Result(int index, byte[] bytes) {}

  @Override
  public int tasks() {
    return TASKS_PER_CORE * Math.max(1, spark.defaultParallelism());
  }

  @Override
  public void run(List<byte[]> each, Sink sink) throws IOException {
    if (each.isEmpty()) {
      return;
    }
    BlockingQueue<Result> results = new LinkedBlockingQueue<>();
    SimpleFutureAction<BoxedUnit> action =
        spark
            .sc()
            .submitJob(
                spark.parallelize(each, each.size()).rdd(),
                work,
                CollectionConverters.<Object>asScala(
                        IntStream.range(0, each.size()).mapToObj(i -> (Object) i).toList())
                    .toSeq(),
                new Queueing(results),
                new Nothing());
    try {
      for (int had = 0; had < each.size(); had++) {
        Result result = next(results, action);
        tasks++;
        bytes += each.get(result.index).length + result.bytes.length;
        sink.accept(result.index, result.bytes);
      }
    } finally {
      action.cancel(); // It has ended, or nobody wants the rest.
    }
  }

  private static Result next(BlockingQueue<Result> results, SimpleFutureAction<BoxedUnit> action) {
    try {
      @Nullable Result result = results.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      while (result == null) {
        if (action.isCompleted() && action.value().get().isFailure() && results.isEmpty()) {
          throw new IllegalArgumentException(
              ExecutorFailure.sentence(action.value().get().failed().get()));
        }
        result = results.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      }
      return result;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while executors worked");
    }
  }

  /** Tasks that have ended so far. */
  long taskCount() {
    return tasks;
  }

  /** Bytes that tasks took to executors and brought back. */
  long bytes() {
    return bytes;
  }

  /** Takes results from Spark's scheduler, whose thread is not to wait for us. */
  private static final class Queueing extends AbstractFunction2<Object, byte[], BoxedUnit> {
    private final BlockingQueue<Result> results;

    Queueing(BlockingQueue<Result> results) {
      this.results = results;
    }

    @Override
    public BoxedUnit apply(Object index, byte[] bytes) {
      results.add(new Result((Integer) index, bytes));
      return BoxedUnit.UNIT;
    }
  }

  private static final class Nothing extends AbstractFunction0<BoxedUnit> {
    @Override
    public BoxedUnit apply() {
      return BoxedUnit.UNIT;
    }
  }
}
