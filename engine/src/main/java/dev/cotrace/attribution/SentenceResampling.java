package dev.cotrace.attribution;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.SentenceScore;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.rollout.Sentence;
import dev.cotrace.rollout.TokenStrings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * The resampling importance of sentences (Bogdan et al. 2025, arXiv 2506.19143): what the clean
 * model's chains of thought are worth on average once a sentence stands, less what they are worth
 * when the model goes on from before it. Unlike the paper's counterfactual importance, sentences
 * drawn in its place that mean the same are not left out.
 */
final class SentenceResampling {
  /** Streams from here on are used by nothing else. */
  private static final long FIRST_STREAM = 1L << 42;

  /** Fewer other rollouts than this do not tell the error of their mean. */
  private static final int ENOUGH = 2;

  private final Workload work;
  private final TokenStrings text;
  private final int continuations;
  private final Runner runner;
  private final List<Job> jobs = new ArrayList<>();
  private final List<int[]> prefixes = new ArrayList<>();

  SentenceResampling(Workload work, TokenStrings text, int continuations, Runner runner) {
    this.work = work.plain(work.objective());
    this.text = text;
    this.continuations = continuations;
    this.runner = runner;
  }

  /** A value that is known once all continuations are there. */
  private interface Value extends Function<List<JobResult>, Estimate> {}

  /**
   * One rollout and its sentences.
   *
   * @param values before the first sentence, then after each
   */
  private record Thought(
      String pair,
      Evaluation.Drawn group,
      int index,
      List<Sentence> sentences,
      List<Value> values) {
    List<SentenceScore> scores(List<JobResult> results) {
      List<Estimate> known = values.stream().map(value -> value.apply(results)).toList();
      return IntStream.rangeClosed(1, sentences.size())
          .mapToObj(n -> score(n, known.get(n), known.get(n - 1)))
          .toList();
    }

    private SentenceScore score(int number, Estimate value, Estimate before) {
      Sentence sentence = sentences.get(number - 1);
      return new SentenceScore(
          pair,
          group.repeat(),
          index,
          number,
          sentences.size(),
          sentence.from(),
          sentence.to(),
          sentence.text(),
          value,
          value.minus(before));
    }
  }

  /** The sentences of the first {@code rollouts} rollouts of each prompt that have any. */
  List<SentenceScore> of(List<Evaluation.Drawn> drawn, int rollouts) {
    List<Thought> thoughts = new ArrayList<>();
    for (int prompt = 0; prompt < work.task().pairs().size(); prompt++) {
      int own = prompt;
      thoughts.addAll(
          thoughts(drawn.stream().filter(group -> group.prompt() == own).toList(), rollouts));
    }
    runner.listener().planned("continuations after sentences", jobs.size());
    List<JobResult> results =
        runner.measure(
            work,
            jobs,
            new Drawing.Continued(
                job -> prefixes.get(Math.toIntExact(job.index() - FIRST_STREAM))));
    return thoughts.stream().flatMap(thought -> thought.scores(results).stream()).toList();
  }

  private List<Thought> thoughts(List<Evaluation.Drawn> groups, int most) {
    List<Thought> thoughts = new ArrayList<>();
    for (Evaluation.Drawn group : groups) {
      for (int index = 0; index < group.values().length && thoughts.size() < most; index++) {
        List<Sentence> sentences = Sentence.of(group.rollouts().get(index), text);
        if (!sentences.isEmpty()) {
          String pair = work.task().pairs().get(group.prompt()).id();
          thoughts.add(
              new Thought(pair, group, index, sentences, values(groups, group, index, sentences)));
        }
      }
    }
    return thoughts;
  }

  private List<Value> values(
      List<Evaluation.Drawn> groups, Evaluation.Drawn group, int index, List<Sentence> sentences) {
    Rollout rollout = group.rollouts().get(index);
    List<Value> values = new ArrayList<>();
    double[] others = others(groups, group, index);
    values.add(others.length >= ENOUGH ? _ -> Estimate.mean(others) : continued(group, new int[0]));
    for (Sentence sentence : sentences.subList(0, sentences.size() - 1)) {
      values.add(continued(group, Arrays.copyOf(rollout.tokens(), sentence.to())));
    }
    values.add(_ -> Estimate.exact(group.values()[index]));
    return values;
  }

  /** F of the prompt's other rollouts: this one is no independent witness of its own worth. */
  private static double[] others(List<Evaluation.Drawn> groups, Evaluation.Drawn group, int index) {
    return groups.stream()
        .flatMapToDouble(g ->
            IntStream.range(0, g.values().length)
                .filter(i -> g.repeat() != group.repeat() || i != index)
                .mapToDouble(i -> g.values()[i]))
        .toArray();
  }

  /** The mean F of chains of thought that begin with {@code prefix}. */
  private Value continued(Evaluation.Drawn group, int[] prefix) {
    int index = jobs.size();
    jobs.add(new Job(FIRST_STREAM + index, group.prompt(), group.repeat(), 1, continuations));
    prefixes.add(prefix);
    return results -> Estimate.mean(results.get(index).values());
  }
}
