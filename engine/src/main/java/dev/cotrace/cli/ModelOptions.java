package dev.cotrace.cli;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Flags that say what is run; keys of the specification. */
@Heading("Model and task")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class ModelOptions {
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
      names = "--limit",
      paramLabel = "N",
      description = "Use the first N pairs only; 0 for all.")
  private @Nullable Integer limit;

  @Option(
      names = "--counterfactual",
      paramLabel = "NAME",
      description =
          "Of MIB rows: the column of corrupted prompts. Default: s2_io_flip, symbol or random.")
  private @Nullable String counterfactual;

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
}
