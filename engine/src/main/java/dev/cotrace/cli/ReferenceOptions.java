package dev.cotrace.cli;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Flags that say what is shown beside the scores; keys of the specification. */
@Heading("References")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class ReferenceOptions {
  @Option(
      names = "--reference",
      paramLabel = "KIND",
      split = ",",
      description = {
        "To show beside the scores, a list: teacher-forced (KL on the full model's own text),",
        "eap (gradient at gate 1 only), sentences (resampling importance). Default: none."
      })
  private @Nullable List<String> reference;

  @Option(
      names = "--reference-rollouts",
      paramLabel = "N",
      description = "Rollouts of each prompt whose sentences are valued. Default: 1.")
  private @Nullable Integer rollouts;

  @Option(
      names = "--reference-continuations",
      paramLabel = "M",
      description = "Drawn after each of those sentences, at least 2. Default: 8.")
  private @Nullable Integer continuations;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  /** The flags given, by key. */
  Map<String, Object> flags() {
    return Flags.given(command, ReferenceOptions.class);
  }
}
