package dev.cotrace.attribution;

import dev.cotrace.circuit.Method;
import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Bins;
import dev.cotrace.rollout.Enumeration;
import dev.cotrace.rollout.ModelTerm;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sampler;
import dev.cotrace.rollout.Sampler.Request;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import dev.cotrace.rollout.Weighting;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a run is about: a model, a task and an objective.
 *
 * @param model the gated model
 * @param task prompts, sampling, answers
 * @param objective F
 * @param settings how the attribution is computed
 * @param bins of positions to which scores are attributed apart
 * @param layout of the work in memory
 */
public record Workload(
    GatedModel model, Task task, Objective objective, Settings settings, Bins bins, Layout layout) {
  /** A run that does not resolve time. */
  public Workload(GatedModel model, Task task, Objective objective, Settings settings) {
    this(model, task, objective, settings, Bins.NONE);
  }

  /** A run that is laid out as the settings ask. */
  public Workload(GatedModel model, Task task, Objective objective, Settings settings, Bins bins) {
    this(model, task, objective, settings, bins, Layout.asked(settings));
  }

  /** Refuses what the model, the task and the settings cannot be together. */
  public Workload {
    new Requirements(model, task, settings, bins).check(objective);
  }

  /** The same laid out in another way. */
  public Workload with(Layout other) {
    return new Workload(model, task, objective, settings, bins, other);
  }

  /** The same without bins. */
  Workload withoutBins() {
    return new Workload(model, task, objective, settings, Bins.NONE, layout);
  }

  /** The same rollouts, independent and without a baseline, for another objective. */
  Workload plain(Objective other) {
    Settings own = enumerating() ? settings : settings.plain();
    return new Workload(model, task, other, own, Bins.NONE, layout);
  }

  /**
   * The same run with what a circuit is judged by measured beside the objective: how far its
   * distribution is from the clean one and, if there are answers, whether it gives them.
   */
  public Workload observing() {
    Set<ModelTerm> terms =
        EnumSet.of(task.sampling().maxNewTokens() > 0 ? ModelTerm.KL : ModelTerm.ANSWER_KL);
    if (hasAnswers()) {
      terms.add(ModelTerm.ANSWER_LOGPROB);
    }
    return new Workload(model, task, objective.observing(terms), settings, bins, layout);
  }

  /** Whether every pair has an answer. */
  boolean hasAnswers() {
    return task.pairs().stream().allMatch(pair -> pair.answer().length > 0);
  }

  /** The same run by gates: what J, circuits and references are about, whatever the method. */
  Workload byGates() {
    return new Workload(model, task, objective, settings.with(Method.IG_GATES), bins, layout);
  }

  /**
   * The gates of rows along the method's way from the corrupted to the clean run.
   *
   * @param jobs one for each row
   */
  Gates gates(List<Job> jobs) {
    double[] alpha = jobs.stream().mapToDouble(Job::alpha).toArray();
    return switch (settings.method()) {
      case IG_GATES, EAP, EXACT, RANDOM -> new Gates.Uniform(alpha);
      case EAP_IG_INPUTS, EAP_IG_ACTIVATIONS, CLEAN_CORRUPTED ->
          new Gates.Held(jobs.stream().mapToInt(Job::writer).toArray(), alpha);
    };
  }

  /** The gates of {@code rows} rows of {@code job}. */
  Gates gates(Job job, int rows) {
    return gates(Collections.nCopies(rows, job));
  }

  /** The gates at which the rollouts of {@code jobs} are drawn, a row each. */
  Gates gatesWhereDrawn(List<Job> jobs) {
    return gates(jobs.stream().map(Job::whereDrawn).toList());
  }

  /** Writers whose outputs are held one by one: all, or the input alone. */
  int writers() {
    return settings.method() == Method.EAP_IG_ACTIVATIONS ? model.graph().writers() : 1;
  }

  private PromptPair pair(Job job) {
    return task.pairs().get(job.prompt());
  }

  /** What the sampler is asked for {@code job}, chains of thought that begin with a prefix. */
  Request request(Job job, int[] prefix) {
    return new Request(pair(job), job.index(), job.rollouts(), prefix, job.noise());
  }

  /** The whole transcripts of a job's rollouts. */
  List<Transcript> transcripts(Job job, List<Rollout> rollouts) {
    int[] prefix = task.sampling().answerPrefix();
    return rollouts.stream()
        .map(rollout -> new Transcript(pair(job), rollout, prefix, job.noise()))
        .toList();
  }

  /** All rollouts that there are. */
  List<Rollout> listed() {
    return Enumeration.of(task.sampling(), model.vocabulary());
  }

  /** Whether the differences that gradients meet are those of the clean run. */
  boolean freezesDifferences() {
    return switch (settings.method()) {
      case EAP_IG_INPUTS, EAP_IG_ACTIVATIONS, CLEAN_CORRUPTED -> true;
      case IG_GATES, EAP, EXACT, RANDOM -> false;
    };
  }

  /** Whether expectations are exact, because every rollout is listed or nothing is sampled. */
  boolean exact() {
    return enumerating() || task.sampling().maxNewTokens() == 0;
  }

  /** Whether every rollout is listed. */
  boolean enumerating() {
    return settings.estimator() == Settings.Estimator.ENUMERATE;
  }

  /**
   * Repeats of a prompt at one gate: exact values are the same every time, but for noise that each
   * repeat draws anew.
   */
  int repeats() {
    return exact() && !noisy() ? 1 : settings.repeats();
  }

  /** Rounds that are made before any is judged: one where later ones learn from it. */
  int firstRounds() {
    boolean learns = settings.allot() == Settings.Allotment.VARIANCE;
    // What later rounds learn is how the first two differ.
    return learns ? Math.min(repeats(), 2) : repeats();
  }

  /** What may depend on each other after {@code repeats} repeats. */
  Clusters clusters(int repeats) {
    return new Clusters(task.pairs().size(), repeats, exact() && !noisy());
  }

  /** Whether embeddings are noisy: then even listed rollouts differ from repeat to repeat. */
  private boolean noisy() {
    return task.sampling().corruption() instanceof Corruption.Noise;
  }

  Sampler sampler() {
    return new Sampler(model, task.sampling(), new Randomness(settings.seed()));
  }

  TranscriptScorer scorer() {
    Sampling sampling = task.sampling();
    return new TranscriptScorer(
        model, objective, sampling.temperature(), task.outcomes(), sampling.corruption());
  }

  /** How the rollouts of a gradient are drawn. */
  Scheme scheme() {
    return switch (settings.estimator()) {
      case SAMPLED, ENUMERATE -> new Scheme.Independent(weighting());
      case BRANCHING ->
          new Scheme.Branching(
              task.sampling().branchAt(),
              settings.branchTop(),
              settings.branchRest(),
              settings.branchMost());
      case WITHOUT_REPLACEMENT -> new Scheme.WithoutReplacement();
    };
  }

  private Weighting weighting() {
    return switch (settings.baseline()) {
      case REINFORCE -> Baseline.REINFORCE;
      case NONE -> Baseline.NONE;
      case LEAVE_ONE_OUT -> Baseline.LEAVE_ONE_OUT;
      case PER_EDGE -> Baseline.PER_EDGE;
    };
  }

  /** Rollouts of one job: all the same when nothing is sampled. */
  int rolloutsPerJob() {
    return task.sampling().maxNewTokens() == 0 ? 1 : settings.rollouts();
  }

  /**
   * More rollouts than a batch has rows are not allotted to a job, whose rollouts stay together.
   */
  int mostRollouts() {
    return Math.max(1, settings.batchRows() / rows(new Job(0, 0, 0, 0, 1)));
  }

  /** Bytes of all that is recorded of {@code positions} positions before a gradient. */
  long recordedBytes(long positions) {
    int runs = freezesDifferences() ? 2 : 1;
    return runs * model.recordedBytes(positions);
  }

  /** Rollouts of {@code jobs} that one pass takes, so that what it records fits. */
  int rowsAtOnce(List<Job> jobs) {
    int prompt = jobs.stream().mapToInt(job -> pair(job).longest()).max().orElseThrow();
    int answer = jobs.stream().mapToInt(job -> pair(job).answer().length).max().orElseThrow();
    long positions =
        (long) prompt
            + task.sampling().maxNewTokens()
            + task.sampling().answerPrefix().length
            + answer;
    return layout.rowsAtOnce(recordedBytes(positions));
  }

  /** How often the rows of a batch are filled: more than once where rollouts end early. */
  int fillings() {
    Sampling sampling = task.sampling();
    boolean early = !sampling.endTokens().isEmpty() || !sampling.stop().equals(StopRule.NEVER);
    if (enumerating() || sampling.maxNewTokens() == 0 || !early) {
      return 1;
    }
    int prompt = task.pairs().stream().mapToInt(PromptPair::longest).max().orElseThrow();
    return layout.fillings(recordedBytes((long) prompt + sampling.maxNewTokens()));
  }

  /** Rows that a job's rollouts take at most. */
  int rows(Job job) {
    return scheme().rows(job.rollouts());
  }
}
