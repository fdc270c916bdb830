package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Significance;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Task;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * METHOD §9.6: 95 % intervals of sampled scores against the exact ones, over 400 runs of a random
 * model with a seed each.
 *
 * <p>At temperature 2, and with enough rollouts: smaller runs cover less where scores are skewed,
 * that is where rare tokens or few prompts carry them (docs/verification.md has the figures). The
 * 400 runs tell an average over edges that vary together to about 1 %, which the bounds allow for.
 */
final class CoverageTest {
  private static final int RUNS = 400;
  private static final String OBJECTIVE = "answer-prob - 0.5*kl";

  @Test
  void intervalsOverRepeatsOfOnePromptCoverTheExactScore() {
    assertCoversOfOnePrompt("llama", 51);
  }

  @Test
  @Tag("slow")
  void intervalsOverRepeatsOfOnePromptCoverTheExactScoreInGpt2() {
    assertCoversOfOnePrompt("gpt2", 52);
  }

  /** The prompts are drawn with replacement from 24, whose mean score is what is estimated. */
  @Test
  void intervalsOverDrawnPromptsCoverTheMeanOverTheirPopulation() {
    assertCoversOfDrawnPrompts("gpt2", 128, 54);
  }

  @Test
  @Tag("slow")
  void intervalsOverDrawnPromptsCoverTheMeanOverTheirPopulationInLlama() {
    assertCoversOfDrawnPrompts("llama", 256, 53);
  }

  private static void assertCoversOfOnePrompt(String family, long seed) {
    List<PromptPair> prompt = Tiny.PAIRS.subList(0, 1);
    assertCovers(family, seed, prompt, _ -> prompt, 16, 32);
  }

  private static void assertCoversOfDrawnPrompts(String family, int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<PromptPair> population =
        IntStream.range(0, 24).mapToObj(i -> randomPair("p" + i, random)).toList();
    LongFunction<List<PromptPair>> drawn =
        _ ->
            IntStream.range(0, count)
                .mapToObj(_ -> population.get(random.nextInt(population.size())))
                .toList();
    assertCovers(family, seed, population, drawn, 4, 1);
  }

  private static PromptPair randomPair(String id, SplittableRandom random) {
    int[] clean = random.ints(3, 0, 4).toArray();
    int[] corrupted = clean.clone();
    corrupted[1] = (corrupted[1] + 1 + random.nextInt(3)) % 4;
    return new PromptPair(id, clean, corrupted, new int[] {random.nextInt(4)}, new int[] {0});
  }

  private static void assertCovers(
      String family,
      long seed,
      List<PromptPair> population,
      LongFunction<List<PromptPair>> prompts,
      int rollouts,
      int repeats) {
    try (TinyModel model = TinyModel.of(family, seed, 1, 4)) {
      Workload all = work(model, population, Tiny.enumerate(Quadrature.MIDPOINT, 1));
      Attribution exact = new IntegratedGradient(all, RunListener.SILENT).attribute();
      Hits total = new Hits(exact.total());
      Hits direct = new Hits(exact.direct());
      Hits throughCot = new Hits(exact.throughCot());
      // What J(0) and J(1) are does not matter here: one sample of them serves all runs.
      @Nullable Evaluation ends = null;
      for (int run = 0; run < RUNS; run++) {
        Settings settings =
            new Settings(
                Settings.Estimator.SAMPLED,
                rollouts,
                repeats,
                Quadrature.MIDPOINT,
                1,
                /* batchRows= */ 256,
                /* threads= */ 2,
                1000 * seed + run);
        Workload work = work(model, prompts.apply(run), settings);
        if (ends == null) {
          ends = new Evaluation(work, RunListener.SILENT);
        }
        Attribution sampled = new IntegratedGradient(work, ends).attribute();
        total.add(sampled, sampled.total());
        direct.add(sampled, sampled.direct());
        throughCot.add(sampled, sampled.throughCot());
      }
      assertThat(total.share()).as("total").isBetween(0.93, 0.97);
      assertThat(direct.share()).as("direct").isBetween(0.93, 0.97);
      assertThat(throughCot.share()).as("through-CoT").isBetween(0.93, 0.97);
    }
  }

  private static Workload work(TinyModel model, List<PromptPair> pairs, Settings settings) {
    Task task = Tiny.task(2, pairs);
    Sampling s = task.sampling();
    Sampling warm = new Sampling(2, s.maxNewTokens(), s.endTokens(), s.stop(), s.answerPrefix());
    return Tiny.work(model, new Task(pairs, warm, task.outcomes()), OBJECTIVE, settings);
  }

  /** How often intervals hold an exact score, edges that are zero by construction left out. */
  private static final class Hits {
    private final double[] exact;
    private long hits;
    private long intervals;

    Hits(Scores exact) {
      this.exact = exact.values();
    }

    void add(Attribution run, Scores scores) {
      Significance of = Significance.of(run.graph(), scores, run.clusters());
      for (int cell : run.graph().edgeCells()) {
        if (exact[cell] != 0) {
          intervals++;
          hits += of.low()[cell] <= exact[cell] && exact[cell] <= of.high()[cell] ? 1 : 0;
        }
      }
    }

    double share() {
      return hits / (double) intervals;
    }
  }
}
