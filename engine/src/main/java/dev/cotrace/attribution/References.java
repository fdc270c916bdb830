package dev.cotrace.attribution;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.ReferenceScores;
import dev.cotrace.circuit.SentenceScore;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.TokenStrings;
import dev.cotrace.rollout.Weighting;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Other definitions of a run's scores, computed on the same task to stand beside them: by gates,
 * whatever the run's method.
 */
public final class References {
  /** Streams from here on are not used by the run; nor are those of sentences. */
  private static final long FIRST_STREAM = 1L << 41;

  /** Steps are not negative: this stream is no draw's. */
  private static final long GATE = -1;

  private final Workload work;
  private final Evaluation ends;
  private final Nodes nodes;
  private final int rounds;
  private final Runner runner;

  /**
   * References beside the scores of {@code work}.
   *
   * @param ends J(0) and J(1) of {@code rounds} rounds
   * @param nodes that the run's integral came to
   */
  References(Workload work, Evaluation ends, Nodes nodes, int rounds, Runner runner) {
    this.work = work.byGates();
    this.ends = ends;
    this.nodes = nodes;
    this.rounds = rounds;
    this.runner = runner;
  }

  /**
   * {@link Reference#TEACHER_FORCED} on the rollouts of J(1), the same at all gate values: no token
   * is drawn for it, and its gap holds no noise but the rule's own error, and that of random gate
   * values where the rule has them.
   */
  public ReferenceScores teacherForced() {
    Workload divergence = work.plain(Objective.parse("kl"));
    Map<Long, Sample> drawn = new HashMap<>();
    for (Evaluation.Drawn group : ends.drawn()) {
      drawn.put(
          unit(group.prompt(), group.repeat()), new Sample(group.rollouts(), Weighting.FIXED, 0));
    }
    List<Job> corrupted = jobs(divergence, at(0), 1);
    runner.listener().planned("teacher-forced: KL at gate 0", corrupted.size());
    Clusters clusters = work.clusters(rounds);
    double[] difference = new double[clusters.count()];
    Drawing given = new Drawing.Given("teacher-forced", job -> sample(drawn, job), null);
    for (JobResult result : runner.measure(divergence, corrupted, given)) {
      // At gate 1 the divergence is zero.
      difference[cluster(clusters, result.job())] -= result.value();
    }
    List<Job> jobs = jobs(divergence, nodes, 1);
    runner
        .listener()
        .planned(
            "teacher-forced: gradients at %d gate values".formatted(nodes.count()), jobs.size());
    ReferenceSum sum = new ReferenceSum(work, nodes, clusters, FIRST_STREAM);
    runner.keep(Reference.TEACHER_FORCED.label(), sum);
    runner.gradients(divergence, jobs, given, sum);
    return scores(Reference.TEACHER_FORCED, sum, clusters, difference);
  }

  /** {@link Reference#EAP}, with rollouts of its own drawn as the run draws them. */
  public ReferenceScores eap() {
    Workload own = work.withoutBins();
    Nodes clean = at(1);
    List<Job> jobs = jobs(own, clean, Double.NaN);
    runner.listener().planned("eap: gradients at gate 1", jobs.size());
    Clusters clusters = work.clusters(rounds);
    ReferenceSum sum = new ReferenceSum(work, clean, clusters, FIRST_STREAM);
    runner.keep(Reference.EAP.label(), sum);
    runner.gradients(own, jobs, Drawing.OWN, sum);
    return scores(Reference.EAP, sum, clusters, ends.difference(rounds));
  }

  /**
   * {@link Reference#SENTENCES} of rollouts of J(1).
   *
   * @param rollouts of each prompt at most
   * @param continuations drawn after each sentence, at least 2
   */
  public List<SentenceScore> sentences(TokenStrings text, int rollouts, int continuations) {
    return new SentenceResampling(work, text, continuations, runner).of(ends.drawn(), rollouts);
  }

  private static Nodes at(double gate) {
    return new Nodes(new double[] {gate}, 0, new double[] {1}, new double[] {1}, 1);
  }

  private static Sample sample(Map<Long, Sample> drawn, Job job) {
    Sample sample = drawn.get(unit(job.prompt(), job.repeat()));
    if (sample == null) {
      throw new IllegalStateException("nothing was drawn for " + job);
    }
    return sample;
  }

  private static long unit(int prompt, int repeat) {
    return ((long) prompt << Integer.SIZE) + repeat;
  }

  private static int cluster(Clusters clusters, Job job) {
    return clusters.of(job.prompt(), job.repeat());
  }

  /**
   * Jobs at {@code at} for all prompts and rounds, prompt by prompt.
   *
   * @param sampledAt where rollouts are drawn; NaN for the job's own gate
   */
  private List<Job> jobs(Workload of, Nodes at, double sampledAt) {
    Randomness randomness = new Randomness(of.settings().seed());
    List<Job> jobs = new ArrayList<>();
    for (int prompt = 0; prompt < of.task().pairs().size(); prompt++) {
      for (int repeat = 0; repeat < rounds; repeat++) {
        for (int node = 0; node < at.count(); node++) {
          long index = FIRST_STREAM + jobs.size();
          double gate = at.gate(node, randomness.uniform(index, 0, GATE));
          double drawnAt = Double.isNaN(sampledAt) ? gate : sampledAt;
          jobs.add(new Job(index, prompt, repeat, 0, gate, drawnAt, of.rolloutsPerJob()));
        }
      }
    }
    return jobs;
  }

  private ReferenceScores scores(
      Reference reference, ReferenceSum sum, Clusters clusters, double[] difference) {
    double[] gap = sum.gradients().totalOverEdges(clusters);
    for (int cluster = 0; cluster < gap.length; cluster++) {
      gap[cluster] -= difference[cluster];
    }
    return new ReferenceScores(
        reference.label(),
        sum.gradients().total(clusters),
        clusters.mean(difference),
        work.exact() ? Estimate.exact(clusters.mean(gap).value()) : clusters.mean(gap),
        sum.sampledTokens());
  }
}
