package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Scheme;
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
import org.jspecify.annotations.Nullable;

/**
 * Runs jobs in batches, several batches at a time, and hands their results over in the order of the
 * jobs: what is added up depends neither on the number of threads nor on which of them is faster.
 */
final class JobRunner {
  /** Fewer rows than these read the weights for too little. */
  private static final int FEW_ROWS = 4;

  private final Workload work;
  private final RunListener listener;
  private long sampledTokens;

  JobRunner(Workload work, RunListener listener) {
    this.work = work;
    this.listener = listener;
  }

  /** Number of tokens sampled so far; listed rollouts are not sampled. */
  long sampledTokens() {
    return sampledTokens;
  }

  /** Takes the gradient of every job at its own gate, rollouts drawn by {@code scheme}. */
  void gradients(List<Job> jobs, Scheme scheme, Consumer<JobGradient> sink) {
    inOrder(
        jobs,
        batch -> new JobBatch(work, batch).gradients(scheme),
        gradient -> {
          count(gradient.result());
          sink.accept(gradient);
        });
  }

  /** As {@link #gradients(List, Scheme, Consumer)} on rollouts that were drawn before. */
  void gradients(List<Job> jobs, Function<Job, Sample> drawn, Consumer<JobGradient> sink) {
    inOrder(
        jobs,
        batch -> new JobBatch(work, batch).gradients(drawn),
        gradient -> {
          listener.again(gradient.result());
          sink.accept(gradient);
        });
  }

  /** Measures every job at its own gate, on rollouts that were drawn before. */
  List<JobResult> measureDrawn(List<Job> jobs, Function<Job, Sample> drawn) {
    return measureDrawn(jobs, drawn, null);
  }

  /** As {@link #measure(List, Circuit)} on rollouts that were drawn before. */
  List<JobResult> measureDrawn(
      List<Job> jobs, Function<Job, Sample> drawn, @Nullable Circuit circuit) {
    List<JobResult> results = new ArrayList<>();
    inOrder(
        jobs,
        batch -> new JobMeasurement(work, batch).ofDrawn(drawn, circuit),
        result -> {
          listener.again(result);
          results.add(result);
        });
    return results;
  }

  /** Draws and measures chains of thought that begin with the prefix of their job. */
  List<JobResult> continued(List<Job> jobs, Function<Job, int[]> prefix) {
    List<JobResult> results = new ArrayList<>();
    inOrder(
        jobs,
        batch -> new JobMeasurement(work, batch).continued(prefix),
        result -> {
          count(result);
          results.add(result);
        });
    return results;
  }

  /** Measures every job at its own gate. */
  List<JobResult> measure(List<Job> jobs) {
    return measure(jobs, null);
  }

  /** Measures every job in {@code circuit}, or at its own gate without one. */
  List<JobResult> measure(List<Job> jobs, @Nullable Circuit circuit) {
    List<JobResult> results = new ArrayList<>();
    inOrder(
        jobs,
        batch -> new JobMeasurement(work, batch).of(circuit),
        result -> {
          count(result);
          results.add(result);
        });
    return results;
  }

  private void count(JobResult result) {
    sampledTokens += result.tokens();
    listener.done(result);
  }

  private <T> void inOrder(List<Job> jobs, Function<List<Job>, List<T>> each, Consumer<T> sink) {
    List<List<Job>> batches = batches(jobs);
    int threads = Math.min(batches.size(), work.layout().threads());
    if (threads > 1) {
      sideBySide(batches.iterator(), threads, each, sink);
    } else {
      // The calling thread has libtorch's threads with it; another one would get its own, and as
      // soon as there are more of them than cores they sleep between any two steps.
      Torch.threads(work.settings().threads());
      batches.forEach(batch -> each.apply(batch).forEach(sink));
    }
    Torch.releaseFreeMemory(); // The next workers may use another heap of the C library.
  }

  private <T> void sideBySide(
      Iterator<List<Job>> batches,
      int threads,
      Function<List<Job>, List<T>> each,
      Consumer<T> sink) {
    // One batch beyond those being worked on waits its turn, so that no thread idles and little
    // piles up.
    ArrayDeque<Future<List<T>>> underWay = new ArrayDeque<>();
    try (ExecutorService workers = workers(threads)) {
      try {
        while (batches.hasNext() || !underWay.isEmpty()) {
          while (batches.hasNext() && underWay.size() <= threads) {
            List<Job> batch = batches.next();
            underWay.add(workers.submit(() -> each.apply(batch)));
          }
          underWay.remove().get().forEach(sink);
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
   * Jobs that are worked on together: as many as fill the rows of a batch, at least one. Where
   * rollouts end early there are more, whose rollouts take the place of those that have ended, as
   * long as every thread has some. Batches are about as large as each other, so that none is left
   * over for one thread while the others wait.
   */
  private List<List<Job>> batches(List<Job> jobs) {
    long all = jobs.stream().mapToLong(work::rows).sum();
    long most = mostTogether(all);
    int threads = work.layout().threads();
    long count = Math.ceilDiv(all, most);
    if (count > 1 || all >= (long) threads * FEW_ROWS) {
      count = threads * Math.ceilDiv(count, threads);
    }
    List<List<Job>> batches = new ArrayList<>();
    long before = 0; // rows of the jobs so far
    long begun = 0; // the same where the batch begins
    int first = 0;
    for (int i = 0; i < jobs.size(); i++) {
      long rows = work.rows(jobs.get(i));
      boolean full = before - begun + rows > most || count * before >= all * (batches.size() + 1);
      if (i > first && (full || work.enumerating())) {
        batches.add(jobs.subList(first, i));
        first = i;
        begun = before;
      }
      before += rows;
    }
    if (first < jobs.size()) {
      batches.add(jobs.subList(first, jobs.size()));
    }
    return batches;
  }

  /** The most rows of a batch, of {@code all} that there are. */
  private long mostTogether(long all) {
    long rows = work.layout().batchRows();
    return Math.max(rows, Math.min(rows * work.fillings(), all / work.layout().threads()));
  }

  /**
   * Threads that compute with a core each, since many small native calls go faster side by side
   * than one by one; with more cores each where there are fewer batches than threads.
   */
  private ExecutorService workers(int threads) {
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
