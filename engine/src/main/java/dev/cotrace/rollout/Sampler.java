package dev.cotrace.rollout;

import dev.cotrace.gate.GatedDecoding;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.RunRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Samples chains of thought from a gated model, many at once.
 *
 * @param model the gated model
 * @param sampling temperature, budget and stops
 * @param randomness where every draw comes from
 * @param draw how a token is drawn
 */
public record Sampler(GatedModel model, Sampling sampling, Randomness randomness, Draw draw) {
  /** Draws tokens by {@link Draw#INVERSE_CDF}. */
  public Sampler(GatedModel model, Sampling sampling, Randomness randomness) {
    this(model, sampling, randomness, Draw.INVERSE_CDF);
  }

  /**
   * One prompt to sample from.
   *
   * @param job names the random streams of its rollouts
   * @param rollouts K, how many to draw; as {@link Scheme} counts them
   * @param prefix tokens that every chain of thought begins with; they count towards the budget
   * @param noise names the noise on the embeddings of the corrupted run, where there is any
   */
  public record Request(PromptPair pair, long job, int rollouts, int[] prefix, long noise) {
    /** With noise of the name 0, should there be any. */
    public Request(PromptPair pair, long job, int rollouts, int[] prefix) {
      this(pair, job, rollouts, prefix, 0);
    }

    /** Whole chains of thought. */
    public Request(PromptPair pair, long job, int rollouts) {
      this(pair, job, rollouts, new int[0]);
    }

    /** The same with the noise of the given name. */
    public Request withNoise(long name) {
      return new Request(pair, job, rollouts, prefix, name);
    }
  }

  /** Samples for every request at once, without a record. */
  public List<Sample> sample(Gates gates, List<Request> requests, Scheme scheme) {
    return sample(gates, requests, scheme, Integer.MAX_VALUE, null);
  }

  /**
   * Samples for every request; each prompt is prefilled once. Rows are given up as their rollouts
   * end, and requests that wait take their place. Where all gates are 1, or all 0, there are no
   * more rows than the model's own, as far as the corruption and a tape allow.
   *
   * @param gates one α for each request, or a gate for every edge
   * @param rows rollouts under way at most, if every request alone has fewer
   * @param record of every rollout's whole transcript, with what follows the chain of thought,
   *     where a measurement or a gradient is to follow
   * @return a sample for each request, in order
   */
  public List<Sample> sample(
      Gates gates, List<Request> requests, Scheme scheme, int rows, @Nullable RunRecord record) {
    List<Growth> growths = requests.stream().map(request -> growth(scheme, request)).toList();
    boolean fed =
        record != null
            || growths.stream()
                .anyMatch(growth -> growth.roots().stream().anyMatch(path -> !path.done()));
    if (fed) {
      int begun = requests.stream().mapToInt(r -> r.prefix().length).min().orElse(0);
      int more = sampling.maxNewTokens() - begun + (record == null ? 0 : afterThought(requests));
      Feed feed = Feed.of(model, sampling.corruption(), gates, requests, record);
      if (record != null) {
        record.expect(expected(requests, growths, rows, more));
      }
      try (GatedDecoding decoding = new GatedDecoding(model, feed.corruption(), more, record)) {
        new SamplingBatch(this, feed, requests, growths, decoding, rows, record != null).run();
      }
    }
    return growths.stream().map(Growth::sample).toList();
  }

  /** Slots of all prompts, and of what follows them in as many rows as grow together. */
  private static int expected(List<Request> requests, List<Growth> growths, int rows, int more) {
    int prompts = requests.stream().mapToInt(r -> r.pair().longest() + r.prefix().length).sum();
    int together = growths.stream().mapToInt(growth -> growth.rows(growth.roots().size())).sum();
    return Math.addExact(prompts, Math.multiplyExact(Math.min(rows, together), more));
  }

  /** Most tokens that are fed after a chain of thought. */
  private int afterThought(List<Request> requests) {
    int answer = requests.stream().mapToInt(r -> r.pair().answer().length).max().orElse(0);
    return sampling.answerPrefix().length + Math.max(0, answer - 1);
  }

  private Growth growth(Scheme scheme, Request request) {
    return switch (scheme) {
      case Scheme.Independent(Weighting weighting) ->
          new IndependentGrowth(request, sampling, weighting);
      case Scheme.Branching branching ->
          new BranchingGrowth(request, sampling, branching, randomness);
      case Scheme.WithoutReplacement _ ->
          new WithoutReplacementGrowth(request, sampling, randomness);
    };
  }
}
