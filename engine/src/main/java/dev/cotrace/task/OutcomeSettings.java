package dev.cotrace.task;

import java.util.List;

/**
 * What the outcomes {@code judge} and {@code external} need to know; empty where an objective has
 * no such term.
 *
 * @param judgeModel directory, GGUF file or hub name of the model that judges
 * @param judgeTemplate what it is shown: a text with {@code {prompt}}, {@code {text}}, {@code
 *     {answer}} and {@code {wrong}}
 * @param judgeChat whether that is a user's message for the judge's chat template
 * @param judgeYes the verdict that counts for, one token of the judge
 * @param judgeNo the verdict that counts against, one token of the judge
 * @param externalCommand program and arguments, run without a shell
 * @param externalTimeout seconds that the program may take for a batch of transcripts
 */
public record OutcomeSettings(
    String judgeModel,
    String judgeTemplate,
    boolean judgeChat,
    String judgeYes,
    String judgeNo,
    List<String> externalCommand,
    double externalTimeout) {
  /** What holds where nothing is said. */
  public static final OutcomeSettings DEFAULTS =
      new OutcomeSettings("", "", false, "", "", List.of(), 60);

  /** Refuses time limits that no program can keep. */
  public OutcomeSettings {
    externalCommand = List.copyOf(externalCommand);
    if (!(externalTimeout > 0 && externalTimeout <= 1e6)) {
      throw new IllegalArgumentException(
          "--external-timeout must be a positive number of seconds, at most a million, got "
              + externalTimeout);
    }
  }

  /** The same with another judge. */
  public OutcomeSettings judgedBy(String model) {
    return new OutcomeSettings(
        model, judgeTemplate, judgeChat, judgeYes, judgeNo, externalCommand, externalTimeout);
  }

  /** The program to run and its arguments: a command of one text is split at its spaces. */
  List<String> command() {
    return externalCommand.size() == 1
        ? List.of(externalCommand.getFirst().strip().split("\\s+"))
        : externalCommand;
  }

  /** Refuses settings that leave out what a judge of {@code pairs} needs. */
  public void requireJudge(List<TaskPair> pairs) {
    requireJudge();
    JudgeTemplate template = new JudgeTemplate(judgeTemplate);
    for (TaskPair pair : pairs) {
      if ((template.asksFor("answer") && pair.answer() == null)
          || (template.asksFor("wrong") && pair.wrong() == null)) {
        throw new IllegalArgumentException(
            "%s: the pair lacks the answer that --judge-template shows".formatted(pair.where()));
      }
    }
  }

  /** Refuses settings that leave out what a judge needs. */
  void requireJudge() {
    require(
        "--judge-model",
        judgeModel,
        "the directory or GGUF file of a model, or org/name of the hub");
    require("--judge-template", judgeTemplate, "a text with {prompt}, {text}, {answer}");
    require("--judge-yes", judgeYes, "the verdict that counts for");
    require("--judge-no", judgeNo, "the verdict that counts against");
  }

  /** Refuses settings that leave out the program to run. */
  public void requireExternal() {
    require("--external-command", String.join(" ", externalCommand), "a program with arguments");
  }

  private static void require(String flag, String value, String what) {
    if (value.isBlank()) {
      throw new IllegalArgumentException(
          "%s is missing, which the objective needs: give %s".formatted(flag, what));
    }
  }
}
