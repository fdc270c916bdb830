package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.Architecture;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer.Group;
import dev.cotrace.rollout.TranscriptScorer.GroupGradient;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Runs jobs in batches: sample, or list, their rollouts, then measure them or take their gradients.
 */
final class JobRunner {
  /**
   * What one pass forward and back may record at once, in bytes; a row records every source's
   * output.
   */
  private static final long RECORDED_AT_ONCE = 1L << 30;

  /** Receives a job's gradient as row-major {@code [nSrc, nDst]} matrices. */
  interface GradientSink {
    void accept(Job job, double[] direct, double[] throughCot);
  }

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

  /** Takes the gradient of every job at its own gate, in order. */
  void gradients(List<Job> jobs, GradientSink sink) {
    for (List<Job> batch : batches(jobs)) {
      List<List<Rollout>> rollouts = rollouts(uniform(batch), batch);
      int together = Math.max(1, rowsAtOnce() / rollouts.getFirst().size());
      List<List<Job>> parts = split(batch, together);
      List<List<List<Rollout>>> partRollouts = split(rollouts, together);
      for (int part = 0; part < parts.size(); part++) {
        if (enumerating()) {
          listed(parts.get(part).getFirst(), partRollouts.get(part).getFirst(), sink);
        } else {
          sampled(parts.get(part), partRollouts.get(part), sink);
        }
      }
    }
  }

  /** The gradients of a few jobs whose rollouts were sampled, in one pass. */
  private void sampled(List<Job> jobs, List<List<Rollout>> rollouts, GradientSink sink) {
    List<Group> groups = new ArrayList<>();
    for (int i = 0; i < jobs.size(); i++) {
      groups.add(new Group(jobs.get(i).alpha(), transcripts(jobs.get(i), rollouts.get(i))));
    }
    List<GroupGradient> gradients = work.scorer().gradients(groups, weighting());
    for (int i = 0; i < jobs.size(); i++) {
      GroupGradient gradient = gradients.get(i);
      listener.done(
          result(
              jobs.get(i), rollouts.get(i), gradient.measurements(), gradient.weights().rollout()));
      sink.accept(jobs.get(i), gradient.direct(), gradient.throughCot());
    }
  }

  /**
   * The gradient of one job whose rollouts are all listed, a few at a time: their exact weights
   * need no others.
   */
  private void listed(Job job, List<Rollout> rollouts, GradientSink sink) {
    int cells = work.model().graph().cells();
    double[] direct = new double[cells];
    double[] throughCot = new double[cells];
    List<Measurement> measurements = new ArrayList<>();
    for (List<Rollout> part : split(rollouts, rowsAtOnce())) {
      Group group = new Group(job.alpha(), transcripts(job, part));
      GroupGradient gradient = work.scorer().gradients(List.of(group), weighting()).getFirst();
      addTo(direct, gradient.direct());
      addTo(throughCot, gradient.throughCot());
      measurements.addAll(gradient.measurements());
    }
    double[] weights = weighting().of(work.objective(), measurements).rollout();
    listener.done(result(job, rollouts, measurements, weights));
    sink.accept(job, direct, throughCot);
  }

  /** Measures every job at its own gate, in order. */
  List<JobResult> measure(List<Job> jobs) {
    return batches(jobs).stream()
        .flatMap(batch -> measure(uniform(batch), batch).stream())
        .toList();
  }

  /**
   * Measures every job in the circuit: its edges clean, all others corrupted. The jobs' gates are
   * not used.
   */
  List<JobResult> measure(List<Job> jobs, Circuit circuit) {
    Gates gates = new Gates.PerEdge(circuit.graph(), circuit.gates());
    return batches(jobs).stream().flatMap(batch -> measure(gates, batch).stream()).toList();
  }

  private List<JobResult> measure(Gates gates, List<Job> batch) {
    List<List<Rollout>> rollouts = rollouts(gates, batch);
    List<JobResult> results = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      Job job = batch.get(i);
      List<Measurement> measurements = new ArrayList<>();
      for (List<Rollout> part : split(rollouts.get(i), rowsAtOnce())) {
        measurements.addAll(
            work.scorer().measure(of(gates, job, part.size()), transcripts(job, part)));
      }
      double[] weights = weighting().of(work.objective(), measurements).rollout();
      JobResult result = result(job, rollouts.get(i), measurements, weights);
      listener.done(result);
      results.add(result);
    }
    return results;
  }

  /** {@code gates} for {@code rows} rollouts of {@code job}. */
  private static Gates of(Gates gates, Job job, int rows) {
    return switch (gates) {
      case Gates.Uniform _ ->
          new Gates.Uniform(
              Collections.nCopies(rows, job.alpha()).stream().mapToDouble(a -> a).toArray());
      case Gates.PerEdge perEdge -> perEdge;
    };
  }

  private List<List<Rollout>> rollouts(Gates gates, List<Job> batch) {
    if (enumerating()) {
      Architecture architecture = work.model().decoder().architecture();
      List<Rollout> all = Enumeration.of(work.task().sampling(), architecture.vocabulary());
      return Collections.nCopies(batch.size(), all);
    }
    List<Request> requests =
        batch.stream().map(job -> new Request(pair(job), job.index())).toList();
    List<List<Rollout>> sampled = work.sampler().sample(gates, requests, work.rolloutsPerJob());
    sampledTokens += sampled.stream().flatMap(List::stream).mapToLong(Rollout::steps).sum();
    return sampled;
  }

  private JobResult result(
      Job job, List<Rollout> rollouts, List<Measurement> measurements, double[] weights) {
    double[] values = measurements.stream().mapToDouble(work.objective()::value).toArray();
    return new JobResult(job, rollouts, List.copyOf(measurements), weights, values);
  }

  private Weighting weighting() {
    return enumerating() ? Baseline.EXACT : Baseline.LEAVE_ONE_OUT;
  }

  private boolean enumerating() {
    return work.settings().estimator() == Settings.Estimator.ENUMERATE;
  }

  private List<Transcript> transcripts(Job job, List<Rollout> rollouts) {
    int[] prefix = work.task().sampling().answerPrefix();
    return rollouts.stream().map(rollout -> new Transcript(pair(job), rollout, prefix)).toList();
  }

  private PromptPair pair(Job job) {
    return work.task().pairs().get(job.prompt());
  }

  private List<List<Job>> batches(List<Job> jobs) {
    return split(
        jobs, enumerating() ? 1 : Math.max(1, work.settings().batchRows() / work.rolloutsPerJob()));
  }

  /** Rows whose recordings fit: the outputs of all sources at all positions. */
  private int rowsAtOnce() {
    Architecture a = work.model().decoder().architecture();
    int prompt = work.task().pairs().stream().mapToInt(p -> p.clean().length).max().orElseThrow();
    long positions =
        prompt
            + work.task().sampling().maxNewTokens()
            + work.task().sampling().answerPrefix().length
            + 1L;
    long bytes =
        positions
            * a.width()
            * work.model().graph().sources()
            * work.model().placement().precision().bytes();
    return Math.toIntExact(
        Math.max(1, Math.min(work.settings().batchRows(), RECORDED_AT_ONCE / bytes)));
  }

  private static Gates.Uniform uniform(List<Job> jobs) {
    return new Gates.Uniform(jobs.stream().mapToDouble(Job::alpha).toArray());
  }

  private static void addTo(double[] sum, double[] values) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += values[i];
    }
  }

  private static <T> List<List<T>> split(List<T> items, int size) {
    return IntStream.iterate(0, i -> i < items.size(), i -> i + size)
        .mapToObj(i -> items.subList(i, Math.min(items.size(), i + size)))
        .toList();
  }
}
