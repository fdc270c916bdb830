package dev.cotrace.attribution;

import dev.cotrace.torch.Torch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Function;

/** Runs jobs in this process, several batches at a time. */
public final class LocalRunner implements Runner {
  private final RunListener listener;
  private final Checkpoint checkpoint;

  /** Runs jobs and keeps nothing for another process. */
  public LocalRunner(RunListener listener) {
    this(listener, Checkpoint.NONE);
  }

  /** Runs jobs that {@code checkpoint} does not know, and tells it of them. */
  public LocalRunner(RunListener listener, Checkpoint checkpoint) {
    this.listener = listener;
    this.checkpoint = checkpoint;
  }

  @Override
  public RunListener listener() {
    return listener;
  }

  @Override
  public void keep(String name, Kept part) {
    checkpoint.keep(name, part);
  }

  @Override
  public List<JobResult> measure(Workload work, List<Job> jobs, Drawing drawing) {
    String key = drawing.key();
    List<JobResult> results = known(work, jobs, drawing);
    listener.skipped(results.size());
    inOrder(
        work,
        jobs,
        results.size(),
        batch -> new JobMeasurement(work, batch).of(drawing),
        result -> {
          results.add(result);
          checkpoint.add(key, result);
          tell(drawing, result);
        });
    return results;
  }

  /** What the first of {@code jobs} gave in an earlier process. */
  List<JobResult> known(Workload work, List<Job> jobs, Drawing drawing) {
    String key = drawing.key();
    List<JobResult> results = new ArrayList<>();
    for (Job job : jobs) {
      JobResult known = checkpoint.known(work, key, job);
      if (known == null) {
        break;
      }
      results.add(known);
    }
    return results;
  }

  @Override
  public void gradients(Workload work, List<Job> jobs, Drawing drawing, GradientSink sink) {
    listener.skipped(sink.done());
    inOrder(
        work,
        jobs,
        sink.done(),
        batch -> new JobBatch(work, batch).gradients(drawing),
        gradient -> {
          sink.add(gradient);
          tell(drawing, gradient.result());
        });
  }

  private void tell(Drawing drawing, JobResult result) {
    if (drawing instanceof Drawing.Given) {
      listener.again(result);
    } else {
      listener.done(result);
    }
  }

  /**
   * Works on all jobs but the first {@code done}. Batches are those of the whole list, so that a
   * run that was broken off goes on with the same ones.
   */
  private <T> void inOrder(
      Workload work,
      List<Job> jobs,
      int done,
      Function<List<Job>, List<T>> each,
      Consumer<T> sink) {
    List<List<Job>> batches = Batches.of(work, jobs);
    int threads = Math.min(batches.size(), work.layout().threads());
    int before = 0; // jobs of the batches that are wholly done
    int next = 0;
    while (next < batches.size() && before + batches.get(next).size() <= done) {
      before += batches.get(next++).size();
    }
    if (next == batches.size()) {
      return;
    }
    int[] known = {done - before}; // jobs of the batch at hand that are done
    Consumer<List<T>> settle =
        results -> {
          results.subList(known[0], results.size()).forEach(sink);
          known[0] = 0;
          checkpoint.settled();
        };
    List<List<Job>> open = batches.subList(next, batches.size());
    if (threads > 1) {
      sideBySide(work, open.iterator(), threads, each, settle);
    } else {
      // The calling thread has libtorch's threads with it; another one would get its own, and as
      // soon as there are more of them than cores they sleep between any two steps.
      Torch.threads(work.settings().threads());
      open.forEach(batch -> settle.accept(each.apply(batch)));
    }
    Torch.releaseFreeMemory(); // The next workers may use another heap of the C library.
  }

  private static <T> void sideBySide(
      Workload work,
      Iterator<List<Job>> batches,
      int threads,
      Function<List<Job>, List<T>> each,
      Consumer<List<T>> settle) {
    // One batch beyond those being worked on waits its turn, so that no thread idles and little
    // piles up.
    ArrayDeque<Future<List<T>>> underWay = new ArrayDeque<>();
    try (ExecutorService workers = workers(work, threads)) {
      try {
        while (batches.hasNext() || !underWay.isEmpty()) {
          while (batches.hasNext() && underWay.size() <= threads) {
            List<Job> batch = batches.next();
            underWay.add(workers.submit(() -> each.apply(batch)));
          }
          settle.accept(underWay.remove().get());
        }
      } catch (InterruptedException e) {
        // Closing the workers interrupts them too and waits until none is in a native call.
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted between two batches");
      } catch (ExecutionException e) {
        workers.shutdownNow();
        throw asUnchecked(e);
      }
    }
  }

  /**
   * Threads that compute with a core each, since many small native calls go faster side by side
   * than one by one; with more cores each where there are fewer batches than threads.
   */
  private static ExecutorService workers(Workload work, int threads) {
    // Part of what libtorch calls on takes the number from the thread that calls.
    int each = Math.max(1, work.settings().threads() / threads);
    return Executors.newFixedThreadPool(
        threads,
        task ->
            new Thread(
                () -> {
                  Torch.threads(each);
                  task.run();
                },
                "cotrace-worker"));
  }

  private static RuntimeException asUnchecked(ExecutionException e) {
    return switch (e.getCause()) {
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      case null, default -> new IllegalStateException("a batch of jobs failed", e);
    };
  }
}
