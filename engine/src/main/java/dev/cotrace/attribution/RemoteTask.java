package dev.cotrace.attribution;

import dev.cotrace.attribution.GradientSink.Share;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Method;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some jobs that one process does for another, which has the same model and task.
 *
 * @param byGates whether the work is by gates, whatever the method of the run
 * @param byBin whether gradients are wanted by bin too
 * @param circuit in which rollouts are drawn; null to draw each at its job's own gate
 * @param jobs what to do
 * @param shares how each job's gradient counts; empty where none is wanted
 */
public record RemoteTask(
    boolean byGates, boolean byBin, @Nullable Circuit circuit, List<Job> jobs, List<Share> shares) {
  /** More than any task has. */
  private static final int MOST = 1 << 24;

  /**
   * Does what {@code task} says and returns what came of it, both as bytes.
   *
   * @param run the work of the run, laid out as this process is to lay it out
   */
  public static byte[] run(byte[] task, Workload run) throws IOException {
    RemoteTask asked = read(task, run);
    Workload work = asked.byGates ? run.byGates() : run;
    work = asked.byBin ? work : work.withoutBins();
    LocalRunner runner = new LocalRunner(RunListener.SILENT);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    if (asked.shares.isEmpty()) {
      Drawing drawing = new Drawing.Sampled(asked.circuit);
      for (JobResult result : runner.measure(work, asked.jobs, drawing)) {
        ResultBytes.write(out, result);
      }
    } else {
      RemoteSums sums = new RemoteSums(work, asked);
      runner.gradients(work, asked.jobs, Drawing.OWN, sums);
      sums.write(out);
    }
    return bytes.toByteArray();
  }

  /** This for {@link #run}. */
  byte[] bytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeBoolean(byGates);
    out.writeBoolean(byBin);
    out.writeBoolean(circuit != null);
    if (circuit != null) {
      for (boolean member : circuit.members()) {
        out.writeBoolean(member);
      }
    }
    out.writeInt(jobs.size());
    for (Job job : jobs) {
      ResultBytes.write(out, job);
    }
    out.writeInt(shares.size());
    for (Share share : shares) {
      out.writeInt(share.part());
      out.writeInt(share.node());
      out.writeInt(share.cluster());
      out.writeDouble(share.weight());
      out.writeDouble(share.coarse());
    }
    return bytes.toByteArray();
  }

  private static RemoteTask read(byte[] task, Workload run) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(task));
    boolean byGates = in.readBoolean();
    boolean byBin = in.readBoolean();
    Circuit circuit = null;
    if (in.readBoolean()) {
      boolean[] members = new boolean[run.model().units().cells()];
      for (int cell = 0; cell < members.length; cell++) {
        members[cell] = in.readBoolean();
      }
      circuit = new Circuit(run.model().units(), members);
    }
    List<Job> jobs = new ArrayList<>();
    int count = Doubles.length(in, MOST);
    for (int i = 0; i < count; i++) {
      jobs.add(ResultBytes.job(in));
    }
    List<Share> shares = new ArrayList<>();
    int shared = Doubles.length(in, MOST);
    for (int i = 0; i < shared; i++) {
      shares.add(
          new Share(in.readInt(), in.readInt(), in.readInt(), in.readDouble(), in.readDouble()));
    }
    return new RemoteTask(byGates, byBin, circuit, jobs, shares);
  }

  /** Whether another process can make the work {@code asked} from the work of the run. */
  static boolean reaches(Workload asked, Workload run) {
    return asked.objective().equals(run.objective())
        && asked.task().equals(run.task())
        && (asked.settings().equals(run.settings())
            || asked.settings().equals(run.settings().with(Method.IG_GATES)));
  }
}
