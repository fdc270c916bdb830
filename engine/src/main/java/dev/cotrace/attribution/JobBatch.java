package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.Recording;
import dev.cotrace.gate.Tape;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Credit;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ExactAdvantage;
import dev.cotrace.rollout.GradientByBin;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer.Group;
import dev.cotrace.rollout.TranscriptScorer.GroupGradient;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A few jobs worked on together: their rollouts are sampled, or listed, then measured or
 * differentiated.
 */
final class JobBatch {
  private static final Scheme PLAIN = new Scheme.Independent(Baseline.NONE);

  private final Workload work;
  private final List<Job> jobs;

  JobBatch(Workload work, List<Job> jobs) {
    this.work = work;
    this.jobs = jobs;
  }

  /** The gradient of every job at its own gate, its rollouts drawn by {@code scheme}. */
  List<JobGradient> gradients(Scheme scheme) {
    if (work.enumerating()) {
      return jobs.stream().map(this::listed).toList();
    }
    boolean asDrawn = jobs.stream().allMatch(job -> job.sampledAt() == job.alpha());
    if (work.layout().backward() == Settings.Backward.RECOMPUTE || !asDrawn) {
      return rerun(samples(gates(jobs), scheme, null));
    }
    try (GradientRuns runs = new GradientRuns(work, rowsAtOnce())) {
      List<Sample> samples = samples(gates(jobs), scheme, runs.tape());
      return gradients(jobs, samples, groups -> runs.sampled(groups, samples));
    }
  }

  /** As {@link #gradients(Scheme)} on rollouts that were drawn before; listed ones are all. */
  List<JobGradient> gradients(Function<Job, Sample> drawn) {
    return work.enumerating()
        ? jobs.stream().map(this::listed).toList()
        : rerun(jobs.stream().map(drawn).toList());
  }

  /** The gradients of jobs with their samples, which run once more, as many at once as fit. */
  private List<JobGradient> rerun(List<Sample> samples) {
    List<JobGradient> gradients = new ArrayList<>();
    int first = 0;
    while (first < jobs.size()) {
      int end = first + 1;
      int rows = samples.get(first).rollouts().size();
      while (end < jobs.size() && rows + samples.get(end).rollouts().size() <= rowsAtOnce()) {
        rows += samples.get(end++).rollouts().size();
      }
      try (GradientRuns runs = new GradientRuns(work, rowsAtOnce())) {
        gradients.addAll(
            gradients(jobs.subList(first, end), samples.subList(first, end), runs::rerun));
      }
      first = end;
    }
    return gradients;
  }

  /** The gradients of a few jobs whose rollouts were sampled. */
  private List<JobGradient> gradients(
      List<Job> some, List<Sample> samples, Function<List<Group>, Recording> recording) {
    List<Group> groups = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      Job job = some.get(i);
      Sample sample = samples.get(i);
      groups.add(new Group(job.alpha(), transcripts(job, sample.rollouts()), sample.weighting()));
    }
    boolean perEdge = samples.getFirst().weighting() == Baseline.PER_EDGE;
    Recording run = recording.apply(groups);
    List<GroupGradient> gradients =
        perEdge
            ? work.scorer().gradientsPerEdge(groups, run)
            : work.scorer().gradients(groups, work.bins(), run);
    List<JobGradient> results = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      GroupGradient g = gradients.get(i);
      JobResult result =
          result(some.get(i), samples.get(i), g.measurements(), g.weights().rollout(), g.credits());
      results.add(new JobGradient(result, g.direct(), g.throughCot(), g.byBin(), variance(result)));
    }
    return results;
  }

  private double variance(JobResult result) {
    boolean apart = work.settings().estimator() == Settings.Estimator.SAMPLED;
    return apart ? result.variance() : Double.NaN;
  }

  /**
   * The gradient of a job whose rollouts are listed, a few at a time: their weights need no others.
   */
  private JobGradient listed(Job job) {
    List<Rollout> rollouts = listed();
    int cells = work.model().graph().cells();
    double[] direct = new double[cells];
    double[] throughCot = new double[cells];
    GradientByBin byBin = GradientByBin.zero(work.bins().names().size(), cells);
    List<Credit> credits = new ArrayList<>();
    List<Measurement> measurements = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    Weighting own = atItsOwnGate(job, rollouts);
    for (List<Rollout> part : Lists.split(rollouts, rowsAtOnce())) {
      List<Transcript> transcripts = transcripts(job, part);
      Group group = new Group(job.alpha(), transcripts, exact(job, transcripts, own));
      GroupGradient gradient = gradient(group);
      byBin.add(1, gradient.byBin());
      credits.addAll(gradient.credits());
      Arrays.setAll(direct, i -> direct[i] + gradient.direct()[i]);
      Arrays.setAll(throughCot, i -> throughCot[i] + gradient.throughCot()[i]);
      measurements.addAll(gradient.measurements());
      Arrays.stream(gradient.weights().rollout()).forEach(weights::add);
    }
    double[] all = weights.stream().mapToDouble(Double::doubleValue).toArray();
    Sample sample = new Sample(rollouts, Baseline.EXACT, 0);
    JobResult result = result(job, sample, measurements, all, credits);
    return new JobGradient(result, direct, throughCot, byBin, Double.NaN);
  }

  private GroupGradient gradient(Group group) {
    List<Group> groups = List.of(group);
    try (GradientRuns runs = new GradientRuns(work, rowsAtOnce())) {
      return work.scorer().gradients(groups, work.bins(), runs.rerun(groups)).getFirst();
    }
  }

  /** How listed rollouts count at the gate where they are drawn. */
  private Weighting atItsOwnGate(Job job, List<Rollout> rollouts) {
    return work.bins().names().isEmpty()
        ? Baseline.EXACT
        : ExactAdvantage.over(work.objective(), measurements(job, rollouts, null));
  }

  /** The probabilities of listed rollouts at the gate where the job draws them. */
  private Weighting exact(Job job, List<Transcript> transcripts, Weighting own) {
    if (job.sampledAt() == job.alpha()) {
      return own;
    }
    Gates gates = gates(job.sampledAt(), transcripts.size());
    return Weighting.given(work.scorer().measure(gates, transcripts));
  }

  /**
   * Measures every job without a gradient.
   *
   * @param circuit its edges are clean and all others corrupted; null to measure each job at its
   *     own gate
   */
  List<JobResult> measure(@Nullable Circuit circuit) {
    Gates.@Nullable PerEdge mask =
        circuit == null ? null : new Gates.PerEdge(circuit.graph(), circuit.gates());
    List<Sample> samples =
        work.enumerating()
            ? Collections.nCopies(jobs.size(), new Sample(listed(), Baseline.EXACT, 0))
            : samples(mask == null ? gates(jobs) : mask, PLAIN, null);
    return measured(samples, mask);
  }

  /** Measures every job at its own gate on rollouts that were drawn before. */
  List<JobResult> measureDrawn(Function<Job, Sample> drawn) {
    return measured(
        jobs.stream().map(work.enumerating() ? this::listedElsewhere : drawn).toList(), null);
  }

  /** All rollouts, as likely as they are where the job draws them. */
  private Sample listedElsewhere(Job job) {
    List<Rollout> rollouts = listed();
    List<Measurement> there = measurements(job.whereDrawn(), rollouts, null);
    return new Sample(rollouts, Weighting.given(there), 0);
  }

  /** Draws chains of thought that begin with {@code prefix} and measures them as a whole. */
  List<JobResult> continued(Function<Job, int[]> prefix) {
    List<Request> requests = jobs.stream().map(job -> request(job, prefix.apply(job))).toList();
    return measured(
        work.sampler().sample(gates(jobs), requests, PLAIN, work.layout().batchRows(), null), null);
  }

  private List<JobResult> measured(List<Sample> samples, Gates.@Nullable PerEdge mask) {
    List<JobResult> results = new ArrayList<>();
    for (int i = 0; i < jobs.size(); i++) {
      Job job = jobs.get(i);
      Sample sample = samples.get(i);
      List<Measurement> measurements = measurements(job, sample.rollouts(), mask);
      double[] weights = sample.weighting().of(work.objective(), measurements).rollout();
      results.add(result(job, sample, measurements, weights, List.of()));
    }
    return results;
  }

  /** What the model makes of {@code rollouts} at {@code mask}; null for the job's own gate. */
  private List<Measurement> measurements(
      Job job, List<Rollout> rollouts, Gates.@Nullable PerEdge mask) {
    List<Measurement> measurements = new ArrayList<>();
    for (List<Rollout> part : Lists.split(rollouts, rowsAtOnce())) {
      Gates each = mask == null ? gates(job.alpha(), part.size()) : mask;
      measurements.addAll(work.scorer().measure(each, transcripts(job, part)));
    }
    return measurements;
  }

  private List<Sample> samples(Gates gates, Scheme scheme, @Nullable Tape tape) {
    List<Request> requests = jobs.stream().map(job -> request(job, new int[0])).toList();
    return work.sampler().sample(gates, requests, scheme, work.layout().batchRows(), tape);
  }

  private Request request(Job job, int[] prefix) {
    return new Request(pair(job), job.index(), job.rollouts(), prefix, job.noise());
  }

  private List<Rollout> listed() {
    return Enumeration.of(work.task().sampling(), work.model().vocabulary());
  }

  private JobResult result(
      Job job,
      Sample sample,
      List<Measurement> measurements,
      double[] weights,
      List<Credit> credits) {
    double[] values = measurements.stream().mapToDouble(work.objective()::value).toArray();
    return new JobResult(
        job,
        sample.rollouts(),
        List.copyOf(measurements),
        weights,
        values,
        credits,
        sample.tokens());
  }

  private List<Transcript> transcripts(Job job, List<Rollout> rollouts) {
    int[] prefix = work.task().sampling().answerPrefix();
    return rollouts.stream()
        .map(rollout -> new Transcript(pair(job), rollout, prefix, job.noise()))
        .toList();
  }

  private PromptPair pair(Job job) {
    return work.task().pairs().get(job.prompt());
  }

  /** Rollouts that one pass takes, so that what it records fits. */
  private int rowsAtOnce() {
    Sampling sampling = work.task().sampling();
    int prompt = jobs.stream().mapToInt(job -> pair(job).longest()).max().orElseThrow();
    int answer = jobs.stream().mapToInt(job -> pair(job).answer().length).max().orElseThrow();
    long positions =
        (long) prompt + sampling.maxNewTokens() + sampling.answerPrefix().length + answer;
    return work.layout().rowsAtOnce(work.recordedBytes(positions));
  }

  private Gates gates(List<Job> jobs) {
    return work.gates(jobs.stream().mapToDouble(Job::sampledAt).toArray());
  }

  private Gates gates(double alpha, int rows) {
    double[] gates = new double[rows];
    Arrays.fill(gates, alpha);
    return work.gates(gates);
  }
}
