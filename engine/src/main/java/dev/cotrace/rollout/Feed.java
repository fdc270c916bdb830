package dev.cotrace.rollout;

import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.gate.RunRecord;
import dev.cotrace.gate.SequencePairs;
import dev.cotrace.gate.Tape;
import dev.cotrace.rollout.Sampler.Request;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What a batch is fed while its rollouts grow.
 *
 * <p>At gate 1 no live row reads a corrupted value, and at gate 0 live rows read what corrupted
 * ones do. There, one side of every pair runs alone, at gate 1, and draws the same tokens.
 *
 * @param gates one α for each request, or a gate for every edge; 1 = clean, 0 = corrupted
 * @param corruption where the corrupted values of the run come from
 * @param live the side of every pair that live rows are fed
 */
record Feed(Gates gates, Corruption corruption, Side live) {
  /** Of a pair, with all that follows its prompts. */
  enum Side {
    /** The clean prompt and the tokens that are sampled. */
    CLEAN,
    /** The corrupted prompt and the partners of the tokens. */
    CORRUPTED
  }

  /** What sampling for {@code requests} at {@code gates} takes; a tape records both sides. */
  static Feed of(
      GatedModel model,
      Corruption corruption,
      Gates gates,
      List<Request> requests,
      @Nullable RunRecord record) {
    boolean both = record instanceof Tape;
    if (!both && gates.areOpen() && isCleanAlone(corruption)) {
      return alone(model, requests.size(), Side.CLEAN);
    }
    if (!both && gates.areShut() && isCorruptedAlone(corruption, requests)) {
      return alone(model, requests.size(), Side.CORRUPTED);
    }
    return new Feed(gates, corruption, Side.CLEAN);
  }

  /** Whether the run at gate 1 needs no other one: partners that are drawn come from one. */
  private static boolean isCleanAlone(Corruption corruption) {
    return switch (corruption) {
      case Corruption.Same _, Corruption.TokenMap _, Corruption.Constant _, Corruption.Noise _ ->
          true;
      case Corruption.Resample _ -> false;
    };
  }

  /** Whether the run at gate 0 is that of the corrupted prompts, position by position. */
  private static boolean isCorruptedAlone(Corruption corruption, List<Request> requests) {
    return switch (corruption) {
      case Corruption.Same _, Corruption.TokenMap _ ->
          requests.stream().allMatch(request -> request.pair().alignment().length == 0);
      case Corruption.Resample _, Corruption.Constant _, Corruption.Noise _ -> false;
    };
  }

  /** At gate 1 nothing of the corrupted values is read, so any will do. */
  private static Feed alone(GatedModel model, int requests, Side side) {
    double[] open = new double[requests];
    Arrays.fill(open, 1);
    return new Feed(new Gates.Uniform(open), model.zero(), side);
  }

  /** The prompt that {@code request} begins with, and the prefix of its chains of thought. */
  SequencePairs.Row prompt(Request request, Sampling sampling) {
    PromptPair pair = request.pair();
    int[] prefix = request.prefix();
    int[] clean = joined(pair.clean(), prefix);
    int[] corrupted =
        sampling.corruption().runs()
            ? joined(pair.corrupted(), sampling.corruption().partners(prefix))
            : new int[0];
    return corruption.runs()
        ? new SequencePairs.Row(clean, corrupted, pair.alignment(), request.noise())
        : new SequencePairs.Row(live(clean, corrupted), new int[0], new int[0], request.noise());
  }

  /** Which of the two goes to a live row. */
  <T> T live(T clean, T corrupted) {
    return switch (live) {
      case CLEAN -> clean;
      case CORRUPTED -> corrupted;
    };
  }

  private static int[] joined(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }
}
