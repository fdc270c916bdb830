package dev.cotrace.spark;

import dev.cotrace.RemoteWorker;
import dev.cotrace.attribution.Layout;
import dev.cotrace.attribution.Settings.Backward;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.spark.TaskContext;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/** What an executor does with a partition, which holds one task; travels with every task. */
final class ExecutorWork extends AbstractFunction1<Iterator<byte[]>, byte[]>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String spec;
  private final int batchRows;
  private final Backward backward;
  private final long recordedAtOnce;

  /**
   * Work on the run of {@code spec}.
   *
   * @param layout of it, but for its threads: a task has as many as Spark gives it cores
   */
  ExecutorWork(String spec, Layout layout) {
    this.spec = spec;
    batchRows = layout.batchRows();
    backward = layout.backward();
    recordedAtOnce = layout.recordedAtOnce();
  }

  @Override
  public byte[] apply(Iterator<byte[]> tasks) {
    Layout layout = new Layout(batchRows, TaskContext.get().cpus(), backward, recordedAtOnce);
    try {
      return RemoteWorker.of(new RemoteWorker.Order(spec, layout)).run(tasks.next());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
