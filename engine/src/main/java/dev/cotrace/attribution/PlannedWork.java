package dev.cotrace.attribution;

import dev.cotrace.gate.Footprint;
import dev.cotrace.rollout.PromptPair;

/**
 * How many jobs of which size a discovery has, for a model that need not be there.
 *
 * @param footprint of the model
 * @param units pairs times rounds
 * @param fewestPoints gate values at which each unit has a gradient, at least
 * @param mostPoints the same at most, where the rule chooses them as it goes
 * @param rollouts K of a job
 * @param prompt tokens of a prompt, on average
 * @param tokens of a rollout, on average
 * @param after tokens fed after a rollout, on average
 * @param streams rows of the model for each rollout where gates are neither 0 nor 1: the live one,
 *     the corrupted one, and that of the clean model where the objective compares with it
 */
public record PlannedWork(
    Footprint footprint,
    long units,
    long fewestPoints,
    long mostPoints,
    int rollouts,
    double prompt,
    double tokens,
    double after,
    int streams) {
  /** A pull-back of a layer multiplies by each matrix about as often as two forward passes. */
  private static final double BACK = 2;

  /** Of {@code work}, whose rollouts have {@code tokens} tokens on average. */
  public static PlannedWork of(Workload work, double tokens) {
    WorkEstimate estimate = WorkEstimate.of(work);
    long units = (long) work.task().pairs().size() * work.repeats();
    long grown = work.rows(new Job(0, 0, 0, 1, work.rolloutsPerJob()));
    double after =
        work.task().pairs().stream().mapToInt(pair -> pair.answer().length).average().orElse(0)
            + work.task().sampling().answerPrefix().length;
    return new PlannedWork(
        work.model().footprint(),
        units,
        estimate.gradients().least() / units / grown,
        estimate.gradients().most() / units / grown,
        (int) grown,
        work.task().pairs().stream().mapToInt(PromptPair::longest).average().orElse(0),
        tokens,
        after,
        streams(work));
  }

  private static int streams(Workload work) {
    return 1
        + (work.task().sampling().corruption().runs() ? 1 : 0)
        + (work.objective().readsClean() ? 1 : 0);
  }

  /** Jobs of J(0) and J(1). */
  public long ends() {
    return 2 * units;
  }

  /** Jobs of the circuit and of a random one. */
  public long circuits() {
    return 2 * units;
  }

  /** Jobs whose gradient is taken, with as many gate values as {@code points}. */
  public long gradients(long points) {
    return units * points;
  }

  /** Tokens that are sampled in all, with as many gate values as {@code points}. */
  public double sampled(long points) {
    return (ends() + circuits() + gradients(points)) * rollouts * tokens;
  }

  /** Floating-point operations of a job of J(0) or J(1), where one stream alone runs. */
  public double endFlops() {
    return forward();
  }

  /** Floating-point operations of a job in a circuit. */
  public double circuitFlops() {
    return streams * forward();
  }

  /** Floating-point operations of a job whose gradient is taken. */
  public double gradientFlops() {
    return (streams + BACK) * forward();
  }

  /** One stream over the prompt once and over every rollout. */
  private double forward() {
    double thought = rollouts * (tokens + after);
    double pairs = prompt * prompt / 2 + thought * (prompt + tokens / 2);
    return footprint.forwardFlops(prompt + thought, thought, pairs);
  }
}
