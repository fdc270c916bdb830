package dev.cotrace.task;

import dev.cotrace.gate.Corruption;
import dev.cotrace.model.Architecture;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import dev.cotrace.task.Words.Message;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns a task as written into the tokens of one model. */
public final class TaskTokens {
  private static final String SKIP = "skip";

  private final Architecture architecture;
  private final @Nullable TextCodec codec;
  private final TokenText text;

  /**
   * For the tokens of one model.
   *
   * @param codec its tokenizer; null for a model over bare token ids
   */
  public TaskTokens(Architecture architecture, @Nullable TextCodec codec) {
    this.architecture = architecture;
    this.codec = codec;
    text = new TokenText(codec);
  }

  /**
   * Tokenises all pairs of {@code file}.
   *
   * @param outcomes of the objective's terms that read the sampled text
   * @throws IllegalArgumentException when the prompts of a pair differ in length, an id is not in
   *     the vocabulary, or the file has text and the model no tokenizer
   */
  public Task task(TaskFile file, TaskSettings settings, Outcomes outcomes) {
    return task(file, settings, outcomes, new Corruption.Same());
  }

  /**
   * Tokenises all pairs of {@code file}.
   *
   * @param outcomes of the objective's terms that read the sampled text
   * @param corruption where the corrupted values come from
   * @throws IllegalArgumentException when the prompts of a pair differ in length and nothing says
   *     how they align, an id is not in the vocabulary, or the file has text and the model no
   *     tokenizer
   */
  public Task task(TaskFile file, TaskSettings settings, Outcomes outcomes, Corruption corruption) {
    PromptAlignment alignment = new PromptAlignment(padding(settings), text);
    List<PromptPair> pairs =
        file.pairs().stream()
            .map(pair -> pair(pair, settings, corruption, alignment))
            .flatMap(Optional::stream)
            .toList();
    if (pairs.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: the prompts of every pair differ in length, so --align skip leaves none"
              .formatted(file.path()));
    }
    Sampling sampling =
        new Sampling(
            settings.temperature(),
            settings.maxNewTokens(),
            architecture.endTokens(),
            stop(settings),
            answerPrefix(settings),
            BranchSetting.of(settings.branchAt(), codec),
            corruption);
    return new Task(pairs, sampling, outcomes);
  }

  /** The clean prompts of {@code file}, or the corrupted ones, each by itself. */
  public List<int[]> prompts(TaskFile file, TaskSettings settings, boolean corrupted) {
    return file.pairs().stream()
        .map(pair -> prompt(pair, corrupted ? corrupted(pair) : pair.clean(), settings))
        .toList();
  }

  /**
   * The partner of every token id under the corruption {@code map}, {@code [V]}.
   *
   * @throws IllegalArgumentException when an entry does not name single tokens
   */
  public int[] partners(TaskSettings settings) {
    return Substitutions.of(settings.corruptionMap(), architecture, codec);
  }

  private Optional<PromptAlignment.Padding> padding(TaskSettings settings) {
    if (settings.align().isEmpty() || settings.align().equals(SKIP)) {
      return Optional.empty();
    }
    if (settings.padToken().isEmpty()) {
      throw new IllegalArgumentException(
          "--align %s needs --pad-token: give the token to pad with".formatted(settings.align()));
    }
    int token = new SingleTokens(architecture, codec).id("--pad-token", settings.padToken());
    return Optional.of(new PromptAlignment.Padding(settings.align().equals("pad-left"), token));
  }

  /** Empty when the prompts differ in length and such pairs are to be left out. */
  private Optional<PromptPair> pair(
      TaskPair pair, TaskSettings settings, Corruption corruption, PromptAlignment alignment) {
    int[] clean = prompt(pair, pair.clean(), settings);
    int[] answer = answer(pair, pair.answer());
    int[] wrong = answer(pair, pair.wrong());
    if (!corruption.readsPrompt()) {
      return Optional.of(
          new PromptPair(pair.id(), clean, corruption.runs() ? clean : new int[0], answer, wrong));
    }
    int[] corrupted = prompt(pair, corrupted(pair), settings);
    if (settings.align().equals(SKIP)
        && pair.align().isEmpty()
        && clean.length != corrupted.length) {
      return Optional.empty();
    }
    PromptAlignment.Prompts prompts =
        alignment.align(pair.where(), clean, corrupted, array(pair.align()));
    return Optional.of(
        new PromptPair(
            pair.id(), prompts.clean(), prompts.corrupted(), answer, wrong, prompts.alignment()));
  }

  private static Words corrupted(TaskPair pair) {
    Words corrupted = pair.corrupted();
    if (corrupted == null) {
      throw new IllegalArgumentException(
          "%s: the pair has neither corrupted nor corrupted_ids; give one, or a --corruption that needs none: zero, mean, mean-positional or noise=SIGMA"
              .formatted(pair.where()));
    }
    return corrupted;
  }

  private int[] prompt(TaskPair pair, Words words, TaskSettings settings) {
    int[] ids = promptIds(pair, words, settings);
    if (ids.length == 0) {
      throw new IllegalArgumentException(
          pair.where() + ": the prompts are empty; they need at least one token");
    }
    return ids;
  }

  private int[] promptIds(TaskPair pair, Words words, TaskSettings settings) {
    return switch (words) {
      case Words.Ids(int[] ids) -> inVocabulary(pair.where(), ids);
      case Words.Chat(List<Message> messages) -> chat(pair.where(), messages);
      case Words.Text(String prompt) -> {
        if (settings.chat()) {
          yield chat(pair.where(), List.of(new Message("user", prompt)));
        }
        int[] ids = encode(pair.where(), prompt);
        yield settings.bos() ? afterStart(pair.where(), ids) : ids;
      }
    };
  }

  private int[] answer(TaskPair pair, @Nullable Words words) {
    return switch (words) {
      case null -> new int[0];
      case Words.Ids(int[] ids) -> inVocabulary(pair.where(), ids);
      case Words.Text(String answer) -> encode(pair.where(), answer);
      case Words.Chat _ ->
          throw new IllegalArgumentException(pair.where() + ": an answer is no conversation");
    };
  }

  private int[] chat(String where, List<Message> messages) {
    return inVocabulary(where, codec(where).chat(messages));
  }

  private int[] afterStart(String where, int[] ids) {
    int start =
        codec(where)
            .start()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    where
                        + ": --bos is true, but the tokenizer names no beginning-of-sequence token; leave it out"));
    int[] all = new int[ids.length + 1];
    all[0] = start;
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
  }

  private int[] encode(String where, String words) {
    TextCodec codec = codec(where);
    try {
      return inVocabulary(where, codec.encode(words));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
    }
  }

  private TextCodec codec(String where) {
    if (codec == null) {
      throw new IllegalArgumentException(
          where
              + ": this is text, but the model has no tokenizer: give token ids (clean_ids,"
              + " corrupted_ids, answer_ids, wrong_ids; stop-ids and answer-prefix-ids)");
    }
    return codec;
  }

  private int[] inVocabulary(String where, int[] ids) {
    int vocabulary = architecture.vocabulary();
    for (int id : ids) {
      if (id < 0 || id >= vocabulary) {
        throw new IllegalArgumentException(
            "%s: token id %d is not one of the model's %d".formatted(where, id, vocabulary));
      }
    }
    return ids;
  }

  private StopRule stop(TaskSettings settings) {
    StopRule rule = StopRule.NEVER;
    for (List<Integer> ids : settings.stopIds()) {
      rule = either(rule, StopRule.onTokens(inVocabulary("--stop-ids", array(ids))));
    }
    if (!settings.stop().isEmpty()) {
      rule = either(rule, new StopOnText(codec("--stop"), settings.stop()));
    }
    return rule;
  }

  private static StopRule either(StopRule first, StopRule second) {
    return (tokens, length) ->
        first.stopsAfter(tokens, length) || second.stopsAfter(tokens, length);
  }

  private int[] answerPrefix(TaskSettings settings) {
    return settings.answerPrefix().isEmpty()
        ? inVocabulary("--answer-prefix-ids", array(settings.answerPrefixIds()))
        : encode("--answer-prefix", settings.answerPrefix());
  }

  private static int[] array(List<Integer> ids) {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }
}
