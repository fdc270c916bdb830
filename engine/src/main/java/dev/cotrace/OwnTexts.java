package dev.cotrace;

import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.Model;
import dev.cotrace.rollout.Baseline;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sample;
import dev.cotrace.rollout.Sampler;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Scheme;
import dev.cotrace.task.TaskFile;
import dev.cotrace.task.TaskTokens;
import dev.cotrace.task.TextCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Texts that a model writes itself: prompts of a task, each with a sampled chain of thought. */
final class OwnTexts {
  private final Sampler sampler;
  private final int together;
  private final List<Prompt> prompts;

  /**
   * A prompt.
   *
   * @param pair number of its pair in the task
   * @param ids token ids
   */
  record Prompt(int pair, int[] ids) {}

  /**
   * A prompt with what the model wrote, and the task's answer prefix.
   *
   * @param prompt what it begins with
   * @param ids token ids of all
   */
  record Text(Prompt prompt, int[] ids) {}

  private OwnTexts(Sampler sampler, int together, List<Prompt> prompts) {
    this.sampler = sampler;
    this.together = together;
    this.prompts = prompts;
  }

  /**
   * Of {@code model} on clean and corrupted prompts of {@code file}, clean ones alone if need be.
   */
  static OwnTexts of(DiscoverySpec spec, Model model, @Nullable TextCodec codec, TaskFile file) {
    TaskTokens tokens = new TaskTokens(model.architecture(), codec);
    List<int[]> clean = tokens.prompts(file, spec.sampling(), /* corrupted= */ false);
    boolean both = file.pairs().stream().allMatch(pair -> pair.corrupted() != null);
    List<int[]> corrupted =
        both ? tokens.prompts(file, spec.sampling(), /* corrupted= */ true) : List.of();
    List<Prompt> prompts = new ArrayList<>();
    for (int pair = 0; pair < clean.size(); pair++) {
      prompts.add(new Prompt(pair, clean.get(pair)));
      if (both && !Arrays.equals(clean.get(pair), corrupted.get(pair))) {
        prompts.add(new Prompt(pair, corrupted.get(pair)));
      }
    }
    Sampling sampling =
        tokens
            .task(file, spec.sampling(), Outcomes.NONE, GatedModel.of(model.decoder()).zero())
            .sampling();
    Randomness randomness = new Randomness(spec.attribution().seed());
    return new OwnTexts(
        new Sampler(GatedModel.of(model.decoder()), sampling, randomness),
        spec.attribution().batchRows(),
        prompts);
  }

  /** How many pairs the prompts are of. */
  int pairs() {
    return prompts.getLast().pair + 1;
  }

  /** Hears the texts as they come. */
  @FunctionalInterface
  interface Reader {
    /** Takes a text; false when it was the last that is wanted. */
    boolean accept(Text text);
  }

  /**
   * Samples round after round, one text a prompt in each, until {@code reader} has enough; a single
   * round where nothing is sampled after prompts.
   */
  void read(DiscoveryListener listener, Reader reader) {
    boolean goesOn = true;
    for (long round = 0; goesOn; round++) {
      for (int first = 0; first < prompts.size() && goesOn; first += together) {
        if (listener.stopRequested()) {
          throw new CancellationException("stopped as asked");
        }
        List<Prompt> some = prompts.subList(first, Math.min(prompts.size(), first + together));
        for (Text text : sample(some, round * prompts.size() + first)) {
          goesOn = goesOn && reader.accept(text);
        }
      }
      goesOn = goesOn && sampler.sampling().maxNewTokens() > 0;
    }
  }

  /** The texts of read until {@code tokens} are reached, with progress. */
  List<Text> upTo(long tokens, DiscoveryListener listener) {
    List<Text> texts = new ArrayList<>();
    SampledTokens progress = new SampledTokens(tokens, listener);
    read(
        listener,
        text -> {
          texts.add(text);
          return progress.add(text.ids.length);
        });
    progress.end();
    return texts;
  }

  /** Counts tokens up to those wanted. */
  static final class SampledTokens {
    private final long wanted;
    private final DiscoveryListener listener;
    private long tokens;

    SampledTokens(long wanted, DiscoveryListener listener) {
      this.wanted = wanted;
      this.listener = listener;
      tell();
    }

    /** Adds {@code count}; whether more are wanted. */
    boolean add(int count) {
      tokens += count;
      if (tokens < wanted) {
        tell();
      }
      return tokens < wanted;
    }

    /** There are no more. */
    void end() {
      tokens = Math.max(tokens, wanted);
      tell();
    }

    private void tell() {
      long done = Math.min(tokens, wanted);
      listener.progress(
          new DiscoveryListener.Progress("sampling tokens", done, wanted, done, new TreeMap<>()));
    }
  }

  private List<Text> sample(List<Prompt> some, long firstJob) {
    List<int[]> sampled = sequences(sampler, ids(some), firstJob, 1);
    int[] prefix = sampler.sampling().answerPrefix();
    return IntStream.range(0, some.size())
        .mapToObj(i -> new Text(some.get(i), joined(sampled.get(i), prefix, prefix.length)))
        .toList();
  }

  private static List<int[]> ids(List<Prompt> prompts) {
    return prompts.stream().map(Prompt::ids).toList();
  }

  /**
   * Prompts, each followed by its sampled chains of thought.
   *
   * @param firstJob names the random streams of the first prompt, the next one those of the second
   * @param each chains of thought for every prompt
   */
  static List<int[]> sequences(Sampler sampler, List<int[]> prompts, long firstJob, int each) {
    List<Sampler.Request> requests = new ArrayList<>();
    for (int[] prompt : prompts) {
      PromptPair alone = new PromptPair("", prompt, new int[0], new int[0], new int[0]);
      requests.add(new Sampler.Request(alone, firstJob + requests.size(), each));
    }
    double[] open = new double[prompts.size()];
    Arrays.fill(open, 1);
    List<Sample> samples =
        sampler.sample(new Gates.Uniform(open), requests, new Scheme.Independent(Baseline.NONE));
    List<int[]> sequences = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      for (Rollout rollout : samples.get(i).rollouts()) {
        sequences.add(joined(prompts.get(i), rollout.tokens(), rollout.thoughtLength()));
      }
    }
    return sequences;
  }

  private static int[] joined(int[] ids, int[] more, int count) {
    int[] all = Arrays.copyOf(ids, ids.length + count);
    System.arraycopy(more, 0, all, ids.length, count);
    return all;
  }
}
