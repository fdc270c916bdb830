package dev.cotrace.rollout;

import dev.cotrace.model.Decoder;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.PlainStream;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Samples from the plain model, with a KV cache and one prefill a prompt: what gated sampling is
 * measured against. It draws the tokens that {@link Sampler} draws at gates 1.
 *
 * @param decoder the model as it is
 * @param temperature divides the logits
 * @param randomness where every draw comes from
 */
public record PlainSampler(Decoder decoder, double temperature, Randomness randomness) {
  /**
   * Draws {@code rollouts} chains of thought after each prompt, each of exactly {@code tokens}
   * tokens: nothing ends one earlier.
   *
   * @param prompts ids, as many in each; the position of a prompt in the list is its {@code job}
   * @param tokens at least 1
   * @return the tokens of rollout k of prompt p at {@code p · rollouts + k}
   */
  public int[][] sample(List<int[]> prompts, int rollouts, int tokens) {
    int length = prompts.getFirst().length;
    if (tokens < 1 || prompts.stream().anyMatch(prompt -> prompt.length != length)) {
      throw new IllegalArgumentException(
          "plain sampling takes prompts of equal length and at least one token to draw, got prompts of %s tokens and %d"
              .formatted(prompts.stream().map(prompt -> prompt.length).toList(), tokens));
    }
    int[] promptOf = new int[prompts.size() * rollouts];
    Arrays.setAll(promptOf, row -> row / rollouts);
    int[][] drawn = new int[promptOf.length][tokens];
    try (Scope _ = new Scope();
        Holder logits = new Holder();
        KvCache prefill = cache(prompts.size(), length + tokens)) {
      long[] ids = prompts.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
      forward(place().indices(ids, prompts.size(), length), prefill, logits);
      long[] index = Arrays.stream(promptOf).asLongStream().toArray();
      logits.set(logits.get().index_select(0, place().indices(index, index.length)));
      try (KvCache cache = KvCache.joined(List.of(new KvCache.Rows(prefill, promptOf)), tokens)) {
        decode(drawn, rollouts, cache, logits);
      }
    }
    return drawn;
  }

  private void decode(int[][] drawn, int rollouts, KvCache cache, Holder logits) {
    int last = drawn[0].length - 1;
    for (int step = 0; step <= last; step++) {
      try (Scope _ = new Scope()) {
        long[] next = next(logits.get(), rollouts, step);
        for (int row = 0; row < drawn.length; row++) {
          drawn[row][step] = Math.toIntExact(next[row]);
        }
        if (step < last) {
          forward(place().indices(next, next.length, 1), cache, logits);
        }
      }
    }
  }

  private long[] next(Tensor logits, int rollouts, int step) {
    Draw.Stream[] streams = new Draw.Stream[Math.toIntExact(logits.size(0))];
    Arrays.setAll(streams, row -> new Draw.Stream(row / rollouts, row % rollouts, step));
    int[] drawn =
        Draw.INVERSE_CDF.tokens(Logits.of(logits, temperature, place()), randomness, streams);
    return Arrays.stream(drawn).asLongStream().toArray();
  }

  /** Feeds {@code ids [rows, time]}; {@code logits} then holds those after the last, [rows, V]. */
  private void forward(Tensor ids, KvCache cache, Holder logits) {
    try (Scope _ = new Scope();
        ResidualStream stream = new PlainStream()) {
      decoder.forward(ids, cache, stream);
      logits.set(decoder.logits(stream.readLogits().select(1, ids.size(1) - 1)));
    }
  }

  private KvCache cache(int rows, int capacity) {
    int heads = decoder.architecture().keyValueHeads();
    return new KvCache(place(), decoder.architecture(), heads, capacity, new long[rows]);
  }

  private Placement place() {
    return decoder.placement();
  }
}
