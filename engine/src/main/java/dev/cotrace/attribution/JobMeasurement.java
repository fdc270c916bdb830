package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.gate.FinalReads;
import dev.cotrace.gate.Gates;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a few jobs worked on together are worth, without a gradient. Rollouts that are sampled for
 * it are measured by what was recorded meanwhile; those that are listed, or were drawn elsewhere,
 * run once more.
 */
record JobMeasurement(Workload work, List<Job> jobs) {
  private static final Scheme PLAIN = new Scheme.Independent(Baseline.NONE);

  /** Measures every job. */
  List<JobResult> of(Drawing drawing) {
    return switch (drawing) {
      case Drawing.Sampled(Circuit circuit) -> drawn(circuit);
      case Drawing.Given(_, Function<Job, Sample> samples, Circuit circuit) -> {
        Function<Job, Sample> own = work.enumerating() ? this::listedElsewhere : samples;
        yield rerun(jobs.stream().map(own).toList(), mask(circuit));
      }
      case Drawing.Continued(Function<Job, int[]> prefix) ->
          sampled(work.gatesWhereDrawn(jobs), prefix);
    };
  }

  private List<JobResult> drawn(@Nullable Circuit circuit) {
    @Nullable Gates mask = mask(circuit);
    if (work.enumerating()) {
      Sample listed = new Sample(work.listed(), Baseline.EXACT, 0);
      return rerun(Collections.nCopies(jobs.size(), listed), mask);
    }
    return sampled(mask == null ? work.gatesWhereDrawn(jobs) : mask, _ -> new int[0]);
  }

  private static @Nullable Gates mask(@Nullable Circuit circuit) {
    return circuit == null ? null : Gates.of(circuit);
  }

  /** All rollouts, as likely as they are where the job draws them. */
  private Sample listedElsewhere(Job job) {
    List<Rollout> rollouts = work.listed();
    List<Measurement> there = rerun(job.whereDrawn(), rollouts, null);
    return new Sample(rollouts, Weighting.given(there), 0);
  }

  private List<JobResult> sampled(Gates gates, Function<Job, int[]> prefix) {
    List<Request> requests =
        jobs.stream().map(job -> work.request(job, prefix.apply(job))).toList();
    List<JobResult> results = new ArrayList<>();
    try (FinalReads reads = new FinalReads(work.model())) {
      List<Sample> samples =
          work.sampler().sample(gates, requests, PLAIN, work.layout().batchRows(), reads);
      for (int i = 0; i < jobs.size(); i++) {
        results.add(result(jobs.get(i), samples.get(i), recorded(i, samples, reads)));
      }
    }
    return results;
  }

  /** What the rollouts of job {@code i} are worth, as many at a time as grow together. */
  private List<Measurement> recorded(int i, List<Sample> samples, FinalReads reads) {
    int together = work.layout().batchRows();
    Sample sample = samples.get(i);
    List<Transcript> transcripts = work.transcripts(jobs.get(i), sample.rollouts());
    List<Measurement> measurements = new ArrayList<>();
    for (int from = 0; from < transcripts.size(); from += together) {
      int to = Math.min(transcripts.size(), from + together);
      measurements.addAll(
          work.scorer()
              .measure(reads, sample.slots().subList(from, to), transcripts.subList(from, to)));
    }
    return measurements;
  }

  private List<JobResult> rerun(List<Sample> samples, @Nullable Gates mask) {
    List<JobResult> results = new ArrayList<>();
    for (int i = 0; i < jobs.size(); i++) {
      Job job = jobs.get(i);
      Sample sample = samples.get(i);
      results.add(result(job, sample, rerun(job, sample.rollouts(), mask)));
    }
    return results;
  }

  /** What the model makes of {@code rollouts} at {@code mask}; null for the job's own gate. */
  List<Measurement> rerun(Job job, List<Rollout> rollouts, @Nullable Gates mask) {
    List<Measurement> measurements = new ArrayList<>();
    for (List<Rollout> part : Lists.split(rollouts, work.rowsAtOnce(jobs))) {
      Gates each = mask == null ? work.gates(job, part.size()) : mask;
      measurements.addAll(work.scorer().measure(each, work.transcripts(job, part)));
    }
    return measurements;
  }

  private JobResult result(Job job, Sample sample, List<Measurement> measurements) {
    double[] weights = sample.weighting().of(work.objective(), measurements).rollout();
    return JobResult.of(work.objective(), job, sample, measurements, weights, List.of());
  }
}
