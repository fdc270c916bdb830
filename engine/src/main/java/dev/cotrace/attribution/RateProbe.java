package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Units;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.random.RandomGeneratorFactory;

/**
 * Measures how fast this process does the jobs of a discovery, on the first of them.
 *
 * @param rates of the jobs
 * @param tokens of a rollout, on average over all kinds of jobs
 */
public record RateProbe(WorkRates rates, double tokens) {
  /** Streams of random numbers that no run uses: what is sampled here is thrown away. */
  private static final long FIRST_STREAM = 1L << 43;

  /** The first time round the code is not compiled yet. */
  private static final int LEAST_ROUNDS = 2;

  /** What some jobs took. */
  private record Timed(double secondsPerJob, double tokens) {}

  /**
   * Measures {@code work}, laid out as it is to run.
   *
   * @param seconds to spend on each of three kinds of jobs; more where two rounds take longer
   */
  public static RateProbe of(Workload work, double seconds) {
    Workload byGates = work.byGates();
    Units units = work.model().units();
    Circuit half =
        Circuit.random(
            units,
            units.unitCount() / 2,
            RandomGeneratorFactory.of("L64X128MixRandom").create(work.settings().seed()));
    Timed ends = timed(seconds, jobs(byGates, 1).size(), _ -> tokens(byGates, 1, Drawing.OWN));
    Timed circuits =
        timed(
            seconds,
            jobs(byGates, Double.NaN).size(),
            _ -> tokens(byGates, Double.NaN, new Drawing.Sampled(half)));
    RemoteTask task = gradients(work);
    Timed gradients =
        timed(
            seconds,
            task.jobs().size(),
            _ -> {
              RemoteSums sums = new RemoteSums(work, task);
              new LocalRunner(RunListener.SILENT).gradients(work, task.jobs(), Drawing.OWN, sums);
              return sums.results().stream().mapToLong(JobResult::tokens).sum();
            });
    double rollouts = work.rolloutsPerJob();
    double mean = (ends.tokens + circuits.tokens + 2 * gradients.tokens) / 4 / rollouts;
    PlannedWork of = PlannedWork.of(work, mean);
    return new RateProbe(
        new WorkRates(
            of.endFlops() / ends.secondsPerJob,
            of.circuitFlops() / circuits.secondsPerJob,
            of.gradientFlops() / gradients.secondsPerJob),
        mean);
  }

  private static Timed timed(double seconds, int jobs, ToLongFunction<Integer> round) {
    long began = System.nanoTime();
    double last = 0;
    long tokens = 0;
    for (int i = 0; i < LEAST_ROUNDS || System.nanoTime() - began < seconds * 1e9; i++) {
      long before = System.nanoTime();
      tokens = round.applyAsLong(i);
      last = (System.nanoTime() - before) / 1e9;
    }
    return new Timed(last / jobs, tokens / (double) jobs);
  }

  private static long tokens(Workload work, double alpha, Drawing drawing) {
    return new LocalRunner(RunListener.SILENT)
        .measure(work, jobs(work, alpha), drawing).stream().mapToLong(JobResult::tokens).sum();
  }

  /** Jobs at one gate that fill the batches which are worked on side by side. */
  private static List<Job> jobs(Workload work, double alpha) {
    List<Job> jobs = new ArrayList<>();
    int pairs = work.task().pairs().size();
    long units = Math.min(enough(work), (long) pairs * work.repeats());
    for (int unit = 0; unit < units; unit++) {
      jobs.add(
          new Job(FIRST_STREAM + unit, unit % pairs, unit / pairs, alpha, work.rolloutsPerJob()));
    }
    return jobs;
  }

  /** As many jobs of the first pass over gate values, neighbours as they are in it. */
  private static RemoteTask gradients(Workload work) {
    Interval whole = Interval.empty(work, 0, 1);
    int nodes = whole.nodes().count();
    int[] rollouts = new int[nodes];
    Arrays.fill(rollouts, work.rolloutsPerJob());
    Pass pass = new Pass(work, List.of(whole), 0, work.repeats(), FIRST_STREAM, rollouts);
    List<Job> all = pass.jobs();
    List<Job> some = all.subList(0, (int) Math.min(enough(work), all.size()));
    return new RemoteTask(
        false, !work.bins().names().isEmpty(), null, some, some.stream().map(pass::share).toList());
  }

  private static long enough(Workload work) {
    long rows = work.rows(new Job(0, 0, 0, 1, work.rolloutsPerJob()));
    long batch = Math.max(1, (long) work.layout().batchRows() * work.fillings() / rows);
    return batch * work.layout().threads();
  }
}
