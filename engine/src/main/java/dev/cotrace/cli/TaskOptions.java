package dev.cotrace.cli;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Flags of every command that runs a model on a task. Each is a key of the specification. */
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class TaskOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = {
        "Hugging Face model directory, GGUF file, or a model of the hub that cotrace pull fetched:",
        "org/name, org/name@REVISION or hf://org/name/FILE.gguf."
      })
  private @Nullable String model;

  @Option(
      names = "--task",
      paramLabel = "FILE",
      description = {
        "Prompt pairs: .jsonl, .json, .csv or .parquet, ours or of EAP-IG, auto-circuit, MIB, GSM8K,",
        "MATH; FILE's settings in a .yaml beside it."
      })
  private @Nullable String task;

  @Option(
      names = "--objective",
      paramLabel = "F",
      description = {
        "kl, kl-reverse, answer-prob, answer-logprob, logit-diff, prob-diff, answer-kl, length;",
        "of the sampled text exact-match, contains(\"TEXT\"), contains(answer),",
        "regex(\"PATTERN\"), judge, external and your own; or a weighted sum such as",
        "\"answer-prob - 0.01*length\".",
        "Default: answer-prob."
      })
  private @Nullable String objective;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Budget of sampled tokens. Default: the task's, else 64.")
  private @Nullable Integer maxNewTokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Of sampling. Default: the task's, else 1.")
  private @Nullable Double temperature;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "Text that ends the chain of thought; may be repeated; \\n is a newline.")
  private @Nullable List<String> stop;

  @Option(
      names = "--stop-ids",
      paramLabel = "ID,…",
      description = "As --stop, in token ids; may be repeated.")
  private @Nullable List<String> stopIds;

  @Option(
      names = "--answer-prefix",
      paramLabel = "TEXT",
      description = "Fed after the chain of thought, before the answer is read.")
  private @Nullable String answerPrefix;

  @Option(
      names = "--answer-prefix-ids",
      paramLabel = "ID",
      split = ",",
      description = "As --answer-prefix, in token ids.")
  private @Nullable List<Integer> answerPrefixIds;

  @Option(
      names = "--answer-marker",
      paramLabel = "TEXT",
      description = "exact-match looks for the answer after the last TEXT.")
  private @Nullable String answerMarker;

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

  @Option(
      names = "--branch-at",
      paramLabel = "WHERE",
      description = {
        "Where trees branch: after a sentence, a line, after:TEXT, or where the next token has",
        "entropy:NATS or more. Default: sentence."
      })
  private @Nullable String branchAt;

  @Option(
      names = "--chat",
      negatable = true,
      description = "Whether prompts are a user's message for the chat template.")
  private @Nullable Boolean chat;

  @Option(
      names = "--chat-option",
      paramLabel = "NAME=VALUE",
      description = {
        "A variable of the chat template, such as enable_thinking=false; may be repeated.",
        "VALUE is true, false, a number or a text."
      })
  private @Nullable Map<String, String> chatOption;

  @Option(
      names = "--chat-date",
      paramLabel = "DAY",
      description = "The day that the chat template is told, such as 2026-01-31. Default: today.")
  private @Nullable String chatDate;

  @Option(
      names = "--bos",
      negatable = true,
      description = "Whether to put the beginning-of-sequence token before prompts. Default: no.")
  private @Nullable Boolean bos;

  @Option(
      names = "--corruption",
      paramLabel = "KIND",
      description = {
        "Where corrupted values come from: same, map, resample, zero, mean, mean-positional",
        "or noise=SIGMA. Default: the task's, else same."
      })
  private @Nullable String corruption;

  @Option(
      names = "--corruption-map",
      paramLabel = "ENTRY",
      description =
          "For map: \"FROM => TO\", one token each, or s/REGEX/REPLACEMENT/; may be repeated.")
  private @Nullable List<String> corruptionMap;

  @Option(
      names = "--means",
      paramLabel = "FILE",
      description = "For mean and mean-positional: what cotrace means wrote.")
  private @Nullable String means;

  @Option(
      names = "--align",
      paramLabel = "SIDE",
      description = {
        "pad-left or pad-right: pads the shorter prompt of a pair with --pad-token;",
        "skip: leaves out pairs of unequal length."
      })
  private @Nullable String align;

  @Option(names = "--pad-token", paramLabel = "TEXT", description = "The token to pad with.")
  private @Nullable String padToken;

  @Option(
      names = "--counterfactual",
      paramLabel = "NAME",
      description =
          "Of MIB rows: the column of corrupted prompts. Default: s2_io_flip, symbol or random.")
  private @Nullable String counterfactual;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Use the first N pairs only; 0 for all.")
  private @Nullable Integer limit;

  @Option(
      names = "--batch-rows",
      paramLabel = "N",
      description = "Rollouts in one batch at most: speed and memory, not results. Default: 64.")
  private @Nullable Integer batchRows;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description = {
        "What the run may come to hold, such as 8G or 1.5GiB, or a share of what is free.",
        "Default: 70%%."
      })
  private @Nullable String memory;

  @Option(names = "--seed", paramLabel = "N", description = "Of every draw. Default: 0.")
  private @Nullable Long seed;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float64, float32 or bfloat16. Default: float32.")
  private @Nullable String dtype;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = "cpu, cuda or cuda:N. Default: cpu.")
  private @Nullable String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Cores for batches side by side, or for one batch: speed and memory, not results.")
  private @Nullable Integer threads;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  /** The flags given, by key. */
  Map<String, Object> flags() {
    return Flags.given(command, TaskOptions.class);
  }
}
