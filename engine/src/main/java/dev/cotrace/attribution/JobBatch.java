package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.Recording;
import dev.cotrace.gate.Tape;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Credit;
import dev.cotrace.rollout.ExactAdvantage;
import dev.cotrace.rollout.GradientByBin;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer.Group;
import dev.cotrace.rollout.TranscriptScorer.GroupGradient;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A few jobs worked on together: their rollouts are sampled, or listed, then differentiated. */
final class JobBatch {
  private final Workload work;
  private final List<Job> jobs;

  JobBatch(Workload work, List<Job> jobs) {
    this.work = work;
    this.jobs = jobs;
  }

  /** The gradient of every job at its own gate; listed rollouts are all that there are. */
  List<JobGradient> gradients(Drawing drawing) {
    if (work.enumerating()) {
      return jobs.stream().map(this::listed).toList();
    }
    return switch (drawing) {
      case Drawing.Sampled(Circuit circuit) when circuit == null -> drawn(work.scheme());
      case Drawing.Given(_, Function<Job, Sample> samples, Circuit circuit) when circuit == null ->
          rerun(jobs.stream().map(samples).toList());
      default -> throw new IllegalArgumentException("no gradient of rollouts " + drawing.key());
    };
  }

  private List<JobGradient> drawn(Scheme scheme) {
    boolean asDrawn = jobs.stream().allMatch(job -> job.sampledAt() == job.alpha());
    if (work.layout().backward() == Settings.Backward.RECOMPUTE || !asDrawn) {
      return rerun(samples(scheme, null));
    }
    try (GradientRuns runs = new GradientRuns(work, work.rowsAtOnce(jobs))) {
      List<Sample> samples = samples(scheme, runs.tape());
      return gradients(jobs, samples, (gates, groups) -> runs.sampled(gates, groups, samples));
    }
  }

  /** The gradients of jobs with their samples, which run once more, as many at once as fit. */
  private List<JobGradient> rerun(List<Sample> samples) {
    List<JobGradient> gradients = new ArrayList<>();
    int first = 0;
    while (first < jobs.size()) {
      int end = first + 1;
      int rows = samples.get(first).rollouts().size();
      while (end < jobs.size()
          && rows + samples.get(end).rollouts().size() <= work.rowsAtOnce(jobs)) {
        rows += samples.get(end++).rollouts().size();
      }
      try (GradientRuns runs = new GradientRuns(work, work.rowsAtOnce(jobs))) {
        gradients.addAll(
            gradients(jobs.subList(first, end), samples.subList(first, end), runs::rerun));
      }
      first = end;
    }
    return gradients;
  }

  /** The gradients of a few jobs whose rollouts were sampled. */
  private List<JobGradient> gradients(
      List<Job> some, List<Sample> samples, BiFunction<Gates, List<Group>, Recording> recording) {
    List<Group> groups = new ArrayList<>();
    List<Job> rows = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      Job job = some.get(i);
      Sample sample = samples.get(i);
      groups.add(
          new Group(job.alpha(), work.transcripts(job, sample.rollouts()), sample.weighting()));
      rows.addAll(Collections.nCopies(sample.rollouts().size(), job));
    }
    boolean perEdge = samples.getFirst().weighting() == Baseline.PER_EDGE;
    Recording run = recording.apply(work.gates(rows), groups);
    List<GroupGradient> gradients =
        perEdge
            ? work.scorer().gradientsPerEdge(groups, run)
            : work.scorer().gradients(groups, work.bins(), run);
    List<JobGradient> results = new ArrayList<>();
    for (int i = 0; i < some.size(); i++) {
      GroupGradient g = gradients.get(i);
      JobResult result =
          JobResult.of(
              work.objective(),
              some.get(i),
              samples.get(i),
              g.measurements(),
              g.weights().rollout(),
              g.credits());
      results.add(new JobGradient(result, g.direct(), g.throughCot(), g.byBin()));
    }
    return results;
  }

  /**
   * The gradient of a job whose rollouts are listed, a few at a time: their weights need no others.
   */
  private JobGradient listed(Job job) {
    List<Rollout> rollouts = work.listed();
    int cells = work.model().units().cells();
    double[] direct = new double[cells];
    double[] throughCot = new double[cells];
    GradientByBin byBin = GradientByBin.zero(work.bins().names().size(), cells);
    List<Credit> credits = new ArrayList<>();
    List<Measurement> measurements = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    Weighting own = atItsOwnGate(job, rollouts);
    for (List<Rollout> part : Lists.split(rollouts, work.rowsAtOnce(jobs))) {
      List<Transcript> transcripts = work.transcripts(job, part);
      Group group = new Group(job.alpha(), transcripts, exact(job, transcripts, own));
      GroupGradient gradient = gradient(job, group);
      byBin.add(1, gradient.byBin());
      credits.addAll(gradient.credits());
      Arrays.setAll(direct, i -> direct[i] + gradient.direct()[i]);
      Arrays.setAll(throughCot, i -> throughCot[i] + gradient.throughCot()[i]);
      measurements.addAll(gradient.measurements());
      Arrays.stream(gradient.weights().rollout()).forEach(weights::add);
    }
    double[] all = weights.stream().mapToDouble(Double::doubleValue).toArray();
    Sample sample = new Sample(rollouts, Baseline.EXACT, 0);
    JobResult result = JobResult.of(work.objective(), job, sample, measurements, all, credits);
    return new JobGradient(result, direct, throughCot, byBin);
  }

  private GroupGradient gradient(Job job, Group group) {
    List<Group> groups = List.of(group);
    Gates gates = work.gates(job, group.transcripts().size());
    try (GradientRuns runs = new GradientRuns(work, work.rowsAtOnce(jobs))) {
      return work.scorer().gradients(groups, work.bins(), runs.rerun(gates, groups)).getFirst();
    }
  }

  /** How listed rollouts count at the gate where they are drawn. */
  private Weighting atItsOwnGate(Job job, List<Rollout> rollouts) {
    return work.bins().names().isEmpty()
        ? Baseline.EXACT
        : ExactAdvantage.over(
            work.objective(), new JobMeasurement(work, jobs).rerun(job, rollouts, null));
  }

  /** The probabilities of listed rollouts at the gate where the job draws them. */
  private Weighting exact(Job job, List<Transcript> transcripts, Weighting own) {
    if (job.sampledAt() == job.alpha()) {
      return own;
    }
    Gates gates = work.gates(job.whereDrawn(), transcripts.size());
    return Weighting.given(work.scorer().measure(gates, transcripts));
  }

  private List<Sample> samples(Scheme scheme, @Nullable Tape tape) {
    List<Request> requests = jobs.stream().map(job -> work.request(job, new int[0])).toList();
    return work.sampler()
        .sample(work.gatesWhereDrawn(jobs), requests, scheme, work.layout().batchRows(), tape);
  }
}
