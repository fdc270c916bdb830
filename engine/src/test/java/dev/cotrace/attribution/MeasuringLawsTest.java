package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.attribution.Settings.Estimator;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Method;
import dev.cotrace.gate.FinalReads;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.RunRecord;
import dev.cotrace.gate.Tape;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.Transcript;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * METHOD §9.5: what is read off the run that sampled is what a second pass over the transcripts
 * reads, and at gates 1 and 0 a run of one stream is the run of both.
 */
final class MeasuringLawsTest {
  /** Nats: float64 on both sides, sums in different orders. */
  private static final double ROUNDING = 1e-10;

  private static final String OBJECTIVE = "answer-logprob - 0.3*kl + kl-reverse + exact-match";

  /** Prompts and answers of several lengths. */
  private static final List<PromptPair> RAGGED =
      List.of(
          new PromptPair("a", new int[] {1, 2, 0}, new int[] {1, 3, 0}, ids(2, 0, 1), ids(1)),
          new PromptPair("b", new int[] {2, 2, 0, 1}, new int[] {0, 2, 0, 1}, ids(0), ids(1)),
          new PromptPair("c", new int[] {3, 1}, new int[] {1, 1}, ids(1, 2), ids(0)));

  private static int[] ids(int... ids) {
    return ids;
  }

  private static Task task(int newTokens) {
    Sampling sampling =
        new Sampling(
            0.9,
            newTokens,
            Set.of(3),
            StopRule.onTokens(0, 0),
            new int[] {1, 2},
            new Scheme.BranchPoints.Entropy(0.5));
    return new Task(RAGGED, sampling, Tiny.OUTCOMES);
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 0, 24",
    "llama, 0.4, 3",
    "llama, 1, 24",
    "gpt2, 0, 3",
    "gpt2, 0.4, 24",
    "gpt2, 1, 3",
    "gpt_neox, 0.4, 6",
    "gemma, 0, 6",
    "gemma, 0.4, 24",
    "gemma, 1, 6",
  })
  void samplingReadsWhatASecondPassReads(String family, double alpha, int batchRows) {
    try (TinyModel model = TinyModel.of(family, 61, 2, 4)) {
      for (Method method : Method.values()) {
        for (int newTokens : ids(0, 1, 5)) {
          Settings settings = Tiny.by(method, Tiny.sampled(4, 2, batchRows, 3));
          Workload work = Tiny.work(model, task(newTokens), OBJECTIVE, settings);
          assertSameAsRerun(new JobMeasurement(work, jobs(work, alpha)), null);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama, 3, 24",
    "gpt2, 2, 3",
    "gpt_neox, 3, 6",
    "gemma, 2, 24",
    "llama, 1, 6",
    "gpt2, 0, 6"
  })
  void soItDoesInCircuits(String family, int shut, int batchRows) {
    try (TinyModel model = TinyModel.of(family, 62, 2, 4)) {
      Workload work = Tiny.work(model, task(5), OBJECTIVE, Tiny.sampled(4, 2, batchRows, 4));
      ComputationGraph graph = work.model().graph();
      boolean[] edges = new boolean[graph.cells()];
      for (int cell : graph.edgeCells()) {
        // Of every few edges one is shut; 1 shuts all, 0 none.
        edges[cell] = shut == 0 || cell % shut != 0;
      }
      assertSameAsRerun(
          new JobMeasurement(work, jobs(work, Double.NaN)), new Circuit(graph, edges));
    }
  }

  static Stream<Arguments> corruptions() {
    return TinyCorruption.KINDS.stream()
        .flatMap(kind -> Stream.of("llama", "gpt2").map(family -> Arguments.of(family, kind)));
  }

  @ParameterizedTest
  @MethodSource("corruptions")
  void soItDoesUnderEveryCorruption(String family, String kind) {
    try (TinyModel model = TinyModel.of(family, 63, 2, 4)) {
      TinyCorruption corruption = TinyCorruption.of(model, kind);
      for (double alpha : List.of(0.0, 0.6, 1.0)) {
        Workload work =
            Tiny.work(
                model, corruption.task(), "answer-logprob - 0.3*kl", Tiny.sampled(6, 2, 12, 5));
        assertSameAsRerun(new JobMeasurement(work, jobs(work, alpha)), null);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BRANCHING, 0",
    "BRANCHING, 0.5",
    "BRANCHING, 1",
    "WITHOUT_REPLACEMENT, 0",
    "WITHOUT_REPLACEMENT, 0.5",
    "WITHOUT_REPLACEMENT, 1"
  })
  void soItDoesOfTreesAndOfSetsWithoutReplacement(Estimator estimator, double alpha) {
    try (TinyModel model = TinyModel.of("llama", 64, 2, 4)) {
      Settings settings = Tiny.sampled(4, 2, 8, 6).with(estimator).branching(2, 1, 2);
      Workload work = Tiny.work(model, task(5), OBJECTIVE, settings);
      List<Job> jobs = jobs(work, alpha);
      try (FinalReads reads = new FinalReads(work.model())) {
        List<Sample> samples = samples(work, jobs, work.gatesWhereDrawn(jobs), reads);
        for (int i = 0; i < jobs.size(); i++) {
          List<Rollout> rollouts = samples.get(i).rollouts();
          assertClose(
              measured(work, jobs.get(i), samples.get(i), reads),
              new JobMeasurement(work, jobs).rerun(jobs.get(i), rollouts, null));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.7, 1})
  void soItDoesWithPrefixes(double alpha) {
    try (TinyModel model = TinyModel.of("gpt2", 65, 2, 4)) {
      Workload work = Tiny.work(model, task(5), OBJECTIVE, Tiny.sampled(4, 2, 64, 7));
      JobMeasurement measurement = new JobMeasurement(work, jobs(work, alpha));
      List<JobResult> results = measurement.of(new Drawing.Continued(MeasuringLawsTest::prefix));
      assertSameAsRerun(measurement, results, null);
      for (JobResult result : results) {
        int[] prefix = prefix(result.job());
        for (Rollout rollout : result.rollouts()) {
          assertThat(Arrays.copyOf(rollout.tokens(), prefix.length)).isEqualTo(prefix);
        }
      }
    }
  }

  /** From none to the whole budget. */
  private static int[] prefix(Job job) {
    return Arrays.copyOf(ids(1, 2, 0, 1, 2), Math.toIntExact(job.index() % 6));
  }

  /** A tape is written with both streams; the same draws and reads come from one alone. */
  @ParameterizedTest
  @MethodSource("corruptions")
  void atTheEndsOneStreamDrawsAndReadsWhatBothDo(String family, String kind) {
    try (TinyModel model = TinyModel.of(family, 66, 2, 4)) {
      TinyCorruption corruption = TinyCorruption.of(model, kind);
      Workload work =
          Tiny.work(
              model, corruption.task(), "answer-logprob - 0.3*kl", Tiny.sampled(40, 2, 64, 8));
      assertOneStreamIsEnough(work);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void soItDoesWithPromptsOfSeveralLengths(String family) {
    try (TinyModel model = TinyModel.of(family, 67, 2, 4)) {
      for (Method method : Method.values()) {
        Settings settings = Tiny.by(method, Tiny.sampled(12, 2, 20, 9));
        assertOneStreamIsEnough(Tiny.work(model, task(6), OBJECTIVE, settings));
      }
    }
  }

  private static void assertOneStreamIsEnough(Workload work) {
    for (double alpha : List.of(0.0, 1.0)) {
      List<Job> jobs = jobs(work, alpha);
      Gates gates = work.gatesWhereDrawn(jobs);
      try (FinalReads reads = new FinalReads(work.model());
          Tape tape = new Tape(work.model())) {
        List<Sample> alone = samples(work, jobs, gates, reads);
        List<Sample> both = samples(work, jobs, gates, tape);
        for (int i = 0; i < jobs.size(); i++) {
          assertThat(alone.get(i).rollouts())
              .usingRecursiveComparison()
              .isEqualTo(both.get(i).rollouts());
          assertClose(
              measured(work, jobs.get(i), alone.get(i), reads),
              measured(work, jobs.get(i), both.get(i), tape));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2", "gpt_neox", "gemma"})
  void closedGatesNeedOnlyTheCorruptedRun(String family) {
    List<PromptPair> swapped =
        RAGGED.stream()
            .map(p ->
                new PromptPair(
                    p.id(),
                    /* clean= */ p.corrupted(),
                    /* corrupted= */ p.clean(),
                    p.answer(),
                    p.wrong()))
            .toList();
    try (TinyModel model = TinyModel.of(family, 68, 2, 4)) {
      Settings settings = Tiny.sampled(6, 2, 64, 10);
      String objective = "answer-logprob + exact-match";
      Workload work = Tiny.work(model, task(6), objective, settings);
      Task other = new Task(swapped, work.task().sampling(), Tiny.OUTCOMES);
      List<JobResult> closed = new JobMeasurement(work, jobs(work, 0)).of(Drawing.OWN);
      Workload open = Tiny.work(model, other, objective, settings);
      List<JobResult> results = new JobMeasurement(open, jobs(open, 1)).of(Drawing.OWN);
      for (int i = 0; i < closed.size(); i++) {
        assertThat(closed.get(i).values()).containsExactly(results.get(i).values());
      }
    }
  }

  private static List<Job> jobs(Workload work, double alpha) {
    List<Job> jobs = new ArrayList<>();
    for (int repeat = 0; repeat < work.settings().repeats(); repeat++) {
      for (int prompt = 0; prompt < work.task().pairs().size(); prompt++) {
        jobs.add(new Job(jobs.size(), prompt, repeat, alpha, work.rolloutsPerJob()));
      }
    }
    return jobs;
  }

  private static List<Sample> samples(
      Workload work, List<Job> jobs, Gates gates, RunRecord record) {
    List<Request> requests = jobs.stream().map(job -> work.request(job, new int[0])).toList();
    int rows = work.layout().batchRows();
    return work.sampler().sample(gates, requests, work.scheme(), rows, record);
  }

  private static List<Measurement> measured(
      Workload work, Job job, Sample sample, RunRecord record) {
    List<Transcript> transcripts = work.transcripts(job, sample.rollouts());
    return work.scorer().measure(record, sample.slots(), transcripts);
  }

  private static void assertSameAsRerun(JobMeasurement measurement, @Nullable Circuit circuit) {
    Gates.@Nullable PerEdge mask =
        circuit == null ? null : new Gates.PerEdge(circuit.graph(), circuit.gates());
    assertSameAsRerun(measurement, measurement.of(new Drawing.Sampled(circuit)), mask);
  }

  private static void assertSameAsRerun(
      JobMeasurement measurement, List<JobResult> results, Gates.@Nullable PerEdge mask) {
    assertThat(results).hasSameSizeAs(measurement.jobs());
    for (JobResult result : results) {
      List<Measurement> expected = measurement.rerun(result.job(), result.rollouts(), mask);
      assertClose(result.measurements(), expected);
      Objective objective = measurement.work().objective();
      double[] values = expected.stream().mapToDouble(objective::value).toArray();
      assertThat(result.values()).containsExactly(values, offset(ROUNDING));
    }
  }

  private static void assertClose(List<Measurement> actual, List<Measurement> expected) {
    assertThat(numbers(actual)).containsExactly(numbers(expected), offset(ROUNDING));
  }

  private static double[] numbers(List<Measurement> measurements) {
    return measurements.stream()
        .flatMapToDouble(m ->
            Stream.of(m.logProbability(), m.kl(), m.klReverse(), m.answerLogProbability())
                .flatMapToDouble(DoubleStream::of))
        .toArray();
  }
}
