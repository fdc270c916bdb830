package dev.cotrace.attribution;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * Has other processes do the jobs whose rollouts are drawn for them, and does the others, which
 * need rollouts that are here, in this one. Whatever order tasks end in, what they gave is added in
 * the order of the jobs.
 */
public final class RemoteRunner implements Runner {
  private final LocalRunner here;
  private final Checkpoint checkpoint;
  private final Workload run;
  private final Remote remote;

  /**
   * Runs jobs on {@code remote}.
   *
   * @param run the work of the run, which the other processes have too
   */
  public RemoteRunner(RunListener listener, Checkpoint checkpoint, Workload run, Remote remote) {
    here = new LocalRunner(listener, checkpoint);
    this.checkpoint = checkpoint;
    this.run = run;
    this.remote = remote;
  }

  @Override
  public RunListener listener() {
    return here.listener();
  }

  @Override
  public void keep(String name, Kept part) {
    here.keep(name, part);
  }

  @Override
  public List<JobResult> measure(Workload work, List<Job> jobs, Drawing drawing) {
    if (!(drawing instanceof Drawing.Sampled sampled) || !RemoteTask.reaches(work, run)) {
      return here.measure(work, jobs, drawing);
    }
    List<JobResult> results = here.known(work, jobs, drawing);
    listener().skipped(results.size());
    List<RemoteTask> tasks = new ArrayList<>();
    for (List<Job> part : parts(jobs.subList(results.size(), jobs.size()))) {
      tasks.add(new RemoteTask(byGates(work), byBin(work), sampled.circuit(), part, List.of()));
    }
    run(
        tasks,
        (task, in) -> {
          for (int i = 0; i < task.jobs().size(); i++) {
            JobResult result = ResultBytes.result(in, work.objective());
            results.add(result);
            checkpoint.add(drawing.key(), result);
            listener().done(result);
          }
        });
    return results;
  }

  @Override
  public void gradients(Workload work, List<Job> jobs, Drawing drawing, GradientSink sink) {
    if (!drawing.equals(Drawing.OWN) || !RemoteTask.reaches(work, run)) {
      here.gradients(work, jobs, drawing, sink);
      return;
    }
    listener().skipped(sink.done());
    List<RemoteTask> tasks = new ArrayList<>();
    for (List<Job> part : parts(jobs.subList(sink.done(), jobs.size()))) {
      List<GradientSink.Share> shares = part.stream().map(sink::share).toList();
      tasks.add(new RemoteTask(byGates(work), byBin(work), null, part, shares));
    }
    run(
        tasks,
        (task, in) -> {
          RemoteSums sums = RemoteSums.read(in, work, task);
          sums.addTo(sink);
          tellOfAll(sums.results());
        });
  }

  /** Whoever wants to stop hears of all results first, since all of them are in the sums. */
  private void tellOfAll(List<JobResult> results) {
    @Nullable CancellationException stop = null;
    for (JobResult result : results) {
      try {
        listener().done(result);
      } catch (CancellationException e) {
        stop = e;
      }
    }
    if (stop != null) {
      throw stop;
    }
  }

  private interface Reader {
    void read(RemoteTask task, DataInputStream in) throws IOException;
  }

  private void run(List<RemoteTask> tasks, Reader reader) {
    List<byte[]> bytes = new ArrayList<>();
    TreeMap<Integer, byte[]> early = new TreeMap<>();
    int[] next = {0};
    try {
      for (RemoteTask task : tasks) {
        bytes.add(task.bytes());
      }
      remote.run(
          bytes,
          (index, result) -> {
            early.put(index, result);
            for (byte[] ready = early.remove(next[0]); ready != null; ) {
              reader.read(tasks.get(next[0]), new DataInputStream(new ByteArrayInputStream(ready)));
              checkpoint.settled();
              ready = early.remove(++next[0]);
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (next[0] < tasks.size()) {
      throw new IllegalStateException(
          "expected what %d tasks gave, got that of %d".formatted(tasks.size(), next[0]));
    }
  }

  /** Jobs in about as many runs of neighbours as there are to be tasks. */
  private List<List<Job>> parts(List<Job> jobs) {
    int count = Math.min(jobs.size(), remote.tasks());
    List<List<Job>> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(
          jobs.subList(
              Math.toIntExact((long) jobs.size() * i / count),
              Math.toIntExact((long) jobs.size() * (i + 1) / count)));
    }
    return parts;
  }

  private static boolean byBin(Workload work) {
    return !work.bins().names().isEmpty();
  }

  private boolean byGates(Workload work) {
    return !work.settings().equals(run.settings());
  }
}
