package dev.cotrace.cli;

import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags for terms of the objective that others compute; keys of the specification. */
@Heading("Judges and programs")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class OutcomeOptions {
  @Option(
      names = "--judge-model",
      paramLabel = "MODEL",
      description = "The model that judges, for the term judge; named as in --model.")
  private @Nullable String judgeModel;

  @Option(
      names = "--judge-template",
      paramLabel = "TEXT",
      description = "What it is shown, with {prompt}, {text}, {answer}, {wrong} in it.")
  private @Nullable String judgeTemplate;

  @Option(
      names = "--judge-chat",
      negatable = true,
      description = "Whether that is a user's message for the judge's chat template.")
  private @Nullable Boolean judgeChat;

  @Option(
      names = "--judge-yes",
      paramLabel = "TOKEN",
      description = "judge is the log-odds of this verdict …")
  private @Nullable String judgeYes;

  @Option(names = "--judge-no", paramLabel = "TOKEN", description = "… against this one.")
  private @Nullable String judgeNo;

  @Option(
      names = "--external-command",
      paramLabel = "WORD",
      description = {
        "Program for the term external, run without a shell: one text that is split at spaces,",
        "or one option for each word."
      })
  private @Nullable List<String> externalCommand;

  @Option(
      names = "--external-timeout",
      paramLabel = "SECONDS",
      description = "What it may take for a batch of transcripts. Default: 60.")
  private @Nullable Double externalTimeout;
}
