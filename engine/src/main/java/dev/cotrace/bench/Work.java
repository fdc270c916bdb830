package dev.cotrace.bench;

import static dev.cotrace.bench.BenchSettings.GROUP;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.Quadrature;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.Workload;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.Decoder;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PlainSampler;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Sampler;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.torch.ByteSize;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * What is timed: everything that benchmarks ask of the other rooms is here. Each method works on
 * one batch, {@code batch / GROUP} prompts with a group of rollouts each, and nothing ends a
 * rollout before its T tokens.
 *
 * @param decoder the model
 * @param promptTokens length of every prompt
 * @param objective of attributions
 */
record Work(Decoder decoder, int promptTokens, Objective objective) {
  private static final long SEED = 1;

  /** Where gated rollouts are drawn: their cost is the same at every gate between 0 and 1. */
  private static final double ALPHA = 0.5;

  /**
   * Refuses an attribution that does not fit.
   *
   * @param free bytes that this process may come to hold
   */
  void requireRoom(int batch, int tokens, long free) {
    Workload work = workload(batch, tokens, Settings.Backward.RECORDED);
    long needed =
        MemoryPlan.of(work, MemoryPlan.Purpose.DISCOVERY, Long.MAX_VALUE).prediction().total();
    if (needed > free) {
      throw new IllegalArgumentException(
          "an attribution of %d rollouts of %d tokens needs %s, but %s is free: lower --batch, --tokens or --prompt-tokens, or use --dtype bfloat16"
              .formatted(batch, tokens, ByteSize.text(needed), ByteSize.text(free)));
    }
  }

  /** Samples from the plain model. */
  void plain(int batch, int tokens) {
    List<int[]> prompts = pairs(batch).stream().map(PromptPair::clean).toList();
    new PlainSampler(decoder, /* temperature= */ 1, new Randomness(SEED))
        .sample(prompts, GROUP, tokens);
  }

  /** Samples from the gated model: live and corrupted rows at one gate for all edges. */
  void gated(int batch, int tokens) {
    List<PromptPair> pairs = pairs(batch);
    List<Sampler.Request> requests = new ArrayList<>();
    pairs.forEach(pair -> requests.add(new Sampler.Request(pair, requests.size(), GROUP)));
    double[] alpha = new double[requests.size()];
    Arrays.fill(alpha, ALPHA);
    new Sampler(GatedModel.of(decoder), sampling(tokens), new Randomness(SEED))
        .sample(new Gates.Uniform(alpha), requests, new Scheme.Independent(Baseline.LEAVE_ONE_OUT));
  }

  /** Samples J(0) and J(1), a batch each. */
  Evaluation ends(int batch, int tokens) {
    return new Evaluation(workload(batch, tokens, Settings.Backward.RECORDED), RunListener.SILENT);
  }

  /** Samples a batch at one gate value, and takes the gradient and the scores of every edge. */
  void attribution(int batch, int tokens, Evaluation ends) {
    attribution(batch, tokens, ends, Settings.Backward.RECORDED);
  }

  /** As {@link #attribution(int, int, Evaluation)}, back from a record or from a second run. */
  void attribution(int batch, int tokens, Evaluation ends, Settings.Backward backward) {
    new IntegratedGradient(workload(batch, tokens, backward), ends).attribute();
  }

  private Workload workload(int batch, int tokens, Settings.Backward backward) {
    Settings settings =
        new Settings(
                Settings.Estimator.SAMPLED,
                GROUP,
                /* repeats= */ 1,
                Quadrature.MIDPOINT,
                /* points= */ 1,
                batch,
                Torch.threads(),
                SEED)
            .with(backward);
    Task task = new Task(pairs(batch), sampling(tokens), Outcomes.NONE);
    return new Workload(GatedModel.of(decoder), task, objective, settings);
  }

  private static Sampling sampling(int tokens) {
    return new Sampling(/* temperature= */ 1, tokens, Set.of(), StopRule.NEVER, new int[0]);
  }

  private List<PromptPair> pairs(int batch) {
    List<PromptPair> pairs = new ArrayList<>();
    for (int pair = 0; pair < batch / GROUP; pair++) {
      int[] clean = ids(2 * pair, promptTokens);
      int[] corrupted = ids(2 * pair + 1, promptTokens);
      pairs.add(new PromptPair(String.valueOf(pair), clean, corrupted, ids(3, 1), ids(4, 1)));
    }
    return pairs;
  }

  /** Ids from all over the vocabulary, which ones does not matter. */
  private int[] ids(int stream, int count) {
    Randomness random = new Randomness(SEED);
    int[] ids = new int[count];
    Arrays.setAll(
        ids, t -> (int) (random.uniform(-1, stream, t) * decoder.architecture().vocabulary()));
    return ids;
  }
}
