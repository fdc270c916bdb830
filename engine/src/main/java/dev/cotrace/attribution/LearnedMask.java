package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.MaskedRun;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.MaskScorer;
import dev.cotrace.rollout.MaskScorer.MaskGradient;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.TranscriptScorer.Group;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Learns which edges to keep. Every edge has a {@link HardConcrete} gate; chains of thought are
 * sampled from the gated model, and the gates' parameters climb the policy gradient (with the
 * direct term) of the faithfulness of what comes out, less a price of open gates that keeps their
 * expected share at a target, which falls from all edges to the size wanted. Bhaskar et al. (2024,
 * arXiv 2406.16778) minimise a divergence at fixed tokens in that way, with multipliers that add up
 * what the target is missed by; at few steps these overshoot, and gates once shut learn nothing.
 *
 * <p>Each step draws one set of gates and the rollouts of a few prompts: both the gradient in the
 * gates and that of the size are unbiased. In the end the edges most likely to be open are kept.
 */
public final class LearnedMask {
  /** All gates are likely to be open at first. */
  private static final double FIRST_LOG_ALPHA = 2;

  /** Share of the steps after which the target is the size wanted. */
  private static final double FALLING = 0.5;

  /**
   * What a gate open at twice the target costs, in units of the faithfulness that an edge has on
   * average in a circuit of the target's size. On arithmetic-sum 3 left 13 % of gates open where 10
   * % was wanted, 10 left 11 to 12 % and 30 left 10.5 %.
   */
  private static final double PRICE = 30;

  /** Streams from here on are used by neither the integral nor expectations. */
  private static final long FIRST_STREAM = 1L << 41;

  private static final int REPORTS = 20;

  private final Workload work;
  private final RunListener listener;
  private final Settings settings;
  private final double corrupted; // J(0)
  private final double spread; // J(1) − J(0)
  private final MaskScorer scorer;
  private final RandomGenerator random;
  private final int[] cells;
  private final double[] logAlpha; // by edge, in the order of cells
  private final List<Integer> order = new ArrayList<>(); // prompts to come

  /**
   * How a mask is learned.
   *
   * @param edges to keep
   * @param steps of gradient
   * @param rate of Adam, in log α
   */
  public record Settings(int edges, int steps, double rate) {
    /** Refuses what learns nothing. */
    public Settings {
      if (edges < 1) {
        throw new IllegalArgumentException("a circuit needs at least one edge, got " + edges);
      }
      require(steps, rate);
    }

    /** Refuses steps that learn nothing. */
    public static void require(int steps, double rate) {
      if (steps < 1) {
        throw new IllegalArgumentException("--steps must be at least 1, got " + steps);
      }
      if (!(rate > 0) || Double.isInfinite(rate)) {
        throw new IllegalArgumentException("--rate must be a number above 0, got " + rate);
      }
    }
  }

  /**
   * Prepares to learn.
   *
   * @param ends J(0) and J(1) of {@code work}
   * @throws IllegalArgumentException when they do not differ
   */
  public LearnedMask(Workload work, Evaluation ends, Settings settings, RunListener listener) {
    this.work = work;
    this.listener = listener;
    this.settings = settings;
    corrupted = ends.corrupted().value();
    spread = Spread.of(ends);
    scorer = new MaskScorer(work.scorer());
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(work.settings().seed());
    cells = work.model().graph().edgeCells();
    logAlpha = new double[cells.length];
    Arrays.fill(logAlpha, FIRST_LOG_ALPHA);
  }

  /** Learns the mask; runs on the calling thread. */
  public PrunedCircuit learn() {
    Torch.threads(work.settings().threads());
    Adam adam = new Adam(settings.rate, logAlpha.length);
    double[] faithfulness = new double[settings.steps];
    int reports =
        Math.min(REPORTS, settings.steps / 2); // of two steps or more: these have an error
    int reported = 0;
    for (int step = 0; step < settings.steps; step++) {
      Torch.checkInterrupted();
      double target = target(step);
      faithfulness[step] = step(step, target, adam);
      if ((step + 1L) * reports / settings.steps > (long) step * reports / settings.steps) {
        Estimate drawn = Estimate.mean(Arrays.copyOfRange(faithfulness, reported, step + 1));
        listener.say(
            "step %d of %d: %.1f %% of gates open (target %.1f %%), faithfulness of the masks drawn %.3f ± %.3f"
                .formatted(
                    step + 1,
                    settings.steps,
                    100 * share(),
                    100 * target,
                    drawn.value(),
                    drawn.standardError()));
        reported = step + 1;
      }
    }
    return pruned();
  }

  /** What share of edges is to be open at a step. */
  private double target(int step) {
    double wanted = Math.min(1, settings.edges / (double) cells.length);
    double fallen = Math.min(1, step / (FALLING * settings.steps));
    return 1 + fallen * (wanted - 1);
  }

  /** The expected share of open gates. */
  private double share() {
    return Arrays.stream(logAlpha).map(HardConcrete::open).average().orElseThrow();
  }

  /** Makes a step; the faithfulness of its mask, as its rollouts show it. */
  private double step(int step, double target, Adam adam) {
    double[] uniform = new double[logAlpha.length];
    Arrays.setAll(uniform, _ -> random.nextDouble(Double.MIN_NORMAL, 1));
    MaskGradient gradient = gradient(step, HardConcrete.gates(logAlpha, uniform));
    double[] slopes = HardConcrete.slopes(logAlpha, uniform);
    double price = PRICE * (share() / target - 1) / (target * cells.length);
    double[] loss = new double[logAlpha.length];
    for (int edge = 0; edge < loss.length; edge++) {
      loss[edge] =
          price * HardConcrete.openSlope(logAlpha[edge])
              - gradient.gradient()[cells[edge]] * slopes[edge] / spread;
    }
    adam.step(logAlpha, loss);
    return (gradient.value() - corrupted) / spread;
  }

  /** The gradient of the mean of F over the prompts of a step, at gates by edge. */
  private MaskGradient gradient(int step, double[] byEdge) {
    ComputationGraph graph = work.model().graph();
    double[] z = new double[graph.cells()];
    for (int edge = 0; edge < cells.length; edge++) {
      z[cells[edge]] = byEdge[edge];
    }
    Gates.PerEdge gates = new Gates.PerEdge(graph, z);
    List<Job> jobs = jobs(step);
    List<Group> groups = groups(jobs, gates);
    double[] sum = new double[z.length];
    double value = 0;
    for (List<Group> part : Lists.split(groups, groupsAtOnce(jobs))) {
      MaskGradient own = scorer.gradient(gates, part);
      Arrays.setAll(sum, cell -> sum[cell] + own.gradient()[cell] / jobs.size());
      value += own.value() / jobs.size();
    }
    return new MaskGradient(sum, value);
  }

  /** A few prompts, as many as fill a batch: all have had their turn before one has another. */
  private List<Job> jobs(int step) {
    int pairs = work.task().pairs().size();
    int rollouts = work.rolloutsPerJob();
    int count = Math.clamp(work.layout().batchRows() / rollouts, 1, pairs);
    List<Job> jobs = new ArrayList<>();
    while (jobs.size() < count) {
      if (order.isEmpty()) {
        for (int prompt = 0; prompt < pairs; prompt++) {
          order.add(prompt);
        }
        Collections.shuffle(order, random);
      }
      int prompt = order.removeLast();
      long stream = FIRST_STREAM + (long) step * pairs + prompt;
      jobs.add(new Job(stream, prompt, step, Double.NaN, rollouts));
    }
    return jobs;
  }

  private List<Group> groups(List<Job> jobs, Gates.PerEdge gates) {
    List<Sample> samples =
        work.enumerating()
            ? Collections.nCopies(jobs.size(), new Sample(work.listed(), Baseline.EXACT, 0))
            : work.sampler()
                .sample(
                    gates,
                    jobs.stream().map(job -> work.request(job, new int[0])).toList(),
                    work.scheme(),
                    work.layout().batchRows(),
                    null);
    List<Group> groups = new ArrayList<>();
    for (int i = 0; i < jobs.size(); i++) {
      Sample sample = samples.get(i);
      groups.add(
          new Group(
              Double.NaN, work.transcripts(jobs.get(i), sample.rollouts()), sample.weighting()));
    }
    return groups;
  }

  /** Groups whose way back fits, at least one. */
  private int groupsAtOnce(List<Job> jobs) {
    long positions =
        work.task().pairs().stream().mapToInt(PromptPair::longest).max().orElseThrow()
            + (long) work.task().sampling().maxNewTokens();
    long group = jobs.getFirst().rollouts() * positions * MaskedRun.bytesPerPlace(work.model());
    return Math.toIntExact(Math.clamp(Layout.RECORDED_AT_ONCE / group, 1, jobs.size()));
  }

  private PrunedCircuit pruned() {
    ComputationGraph graph = work.model().graph();
    double[] scores = new double[graph.cells()];
    for (int edge = 0; edge < cells.length; edge++) {
      scores[cells[edge]] = HardConcrete.open(logAlpha[edge]);
    }
    Circuit circuit = Circuit.ranked(graph, scores, settings.edges).pruned();
    return new PrunedCircuit(circuit, scores, "top %d by learned gates".formatted(settings.edges));
  }
}
