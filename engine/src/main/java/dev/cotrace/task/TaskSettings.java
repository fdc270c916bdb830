package dev.cotrace.task;

import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Settings that hold for all pairs of a task.
 *
 * @param maxNewTokens budget of sampled tokens
 * @param temperature of sampling
 * @param stop texts that end the chain of thought as soon as one is in the sampled text
 * @param stopIds as {@code stop} in token ids: they end the chain of thought when they are the last
 *     ones sampled
 * @param answerPrefix text that is fed after the chain of thought, before the answer is read
 * @param answerPrefixIds as {@code answerPrefix} in token ids; at most one of the two is given
 * @param answerMarker text after which the objective {@code exact-match} looks for the answer;
 *     empty for none
 * @param chat whether prompts given as text are a user's message to be put into the chat template
 * @param bos whether the beginning-of-sequence token is put before prompts given as text; a chat
 *     template writes its own
 * @param corruption where corrupted values come from, as {@link CorruptionSetting} reads it
 * @param corruptionMap which token stands in for which under the corruption {@code map}
 * @param means file that the corruptions by means read
 * @param align what becomes of prompts of unequal length: {@code pad-left}, {@code pad-right},
 *     {@code skip}; empty for an error
 * @param padToken the token, as text, that the shorter prompt is padded with
 * @param counterfactual the column of MIB rows that the corrupted prompt is in; empty for MIB's own
 *     choice
 * @param chatOptions variables for the chat template by name: true, false, numbers and texts
 * @param chatDate the day that the chat template is told, such as {@code 2026-01-31}; empty for
 *     today
 * @param branchAt where trees of rollouts branch: {@code sentence}, {@code line}, {@code
 *     after:TEXT} or {@code entropy:NATS}
 */
public record TaskSettings(
    int maxNewTokens,
    double temperature,
    List<String> stop,
    List<List<Integer>> stopIds,
    String answerPrefix,
    List<Integer> answerPrefixIds,
    String answerMarker,
    boolean chat,
    boolean bos,
    String corruption,
    List<String> corruptionMap,
    String means,
    String align,
    String padToken,
    String counterfactual,
    Map<String, Object> chatOptions,
    String chatDate,
    String branchAt) {
  private static final Set<String> SIDES = Set.of("", "pad-left", "pad-right", "skip");

  /** What holds where nothing is said. */
  public static final TaskSettings DEFAULTS =
      new TaskSettings(64, 1, List.of(), List.of(), "", List.of(), "", false, false);

  /** With the same generated tokens in the corrupted run, and prompts of equal length. */
  public TaskSettings(
      int maxNewTokens,
      double temperature,
      List<String> stop,
      List<List<Integer>> stopIds,
      String answerPrefix,
      List<Integer> answerPrefixIds,
      String answerMarker,
      boolean chat,
      boolean bos) {
    this(
        maxNewTokens,
        temperature,
        stop,
        stopIds,
        answerPrefix,
        answerPrefixIds,
        answerMarker,
        chat,
        bos,
        CorruptionSetting.Kind.SAME.label(),
        List.of(),
        "",
        "",
        "",
        "",
        Map.of(),
        "",
        "sentence");
  }

  /** Where corrupted values come from. */
  public CorruptionSetting corruptionSetting() {
    return CorruptionSetting.parse(corruption);
  }

  /** Wherever these are read, they mean the same files. */
  public TaskSettings located() {
    return with(
        means.isEmpty() ? means : Path.of(means).toAbsolutePath().normalize().toString(), chatDate);
  }

  /** Whenever these are read, chat templates are told {@code day}. */
  public TaskSettings on(LocalDate day) {
    return with(means, day.toString());
  }

  private TaskSettings with(String means, String chatDate) {
    return new TaskSettings(
        maxNewTokens,
        temperature,
        stop,
        stopIds,
        answerPrefix,
        answerPrefixIds,
        answerMarker,
        chat,
        bos,
        corruption,
        corruptionMap,
        means,
        align,
        padToken,
        counterfactual,
        chatOptions,
        chatDate,
        branchAt);
  }

  /** Refuses budgets and temperatures that sampling cannot have, and empty stops. */
  public TaskSettings {
    if (maxNewTokens < 0) {
      throw new IllegalArgumentException(
          "--max-new-tokens must not be negative, got " + maxNewTokens);
    }
    if (!(temperature > 0 && Double.isFinite(temperature))) {
      throw new IllegalArgumentException(
          "--temperature must be a positive number, got " + temperature);
    }
    BranchSetting.check(branchAt);
    CorruptionSetting.parse(corruption);
    corruptionMap = List.copyOf(corruptionMap);
    if (!SIDES.contains(align)) {
      throw new IllegalArgumentException(
          "--align must be pad-left, pad-right or skip, got '%s'".formatted(align));
    }
    chatOptions = ChatSettings.checked(chatOptions);
    ChatSettings.date(chatDate);
    stop = List.copyOf(stop);
    stopIds = stopIds.stream().map(List::copyOf).toList();
    answerPrefixIds = List.copyOf(answerPrefixIds);
    if (stop.stream().anyMatch(String::isEmpty) || stopIds.stream().anyMatch(List::isEmpty)) {
      throw new IllegalArgumentException("--stop and --stop-ids must not be empty");
    }
    if (!answerPrefix.isEmpty() && !answerPrefixIds.isEmpty()) {
      throw new IllegalArgumentException(
          "--answer-prefix and --answer-prefix-ids are both given; leave one out");
    }
  }
}
