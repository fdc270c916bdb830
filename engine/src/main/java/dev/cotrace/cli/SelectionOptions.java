package dev.cotrace.cli;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Flags that say how circuits are chosen; keys of the specification. */
@Heading("Circuit")
@SuppressWarnings("UnusedVariable") // Flags reads what picocli set, by key.
final class SelectionOptions {
  @Option(
      names = "--top",
      paramLabel = "SIZE",
      description = {
        "Edges, or other units, of the circuit, before unconnected edges are pruned, such as 200 or",
        "5%%; of as many stability is measured. Default: 10%%."
      })
  private @Nullable String top;

  @Option(
      names = "--select",
      paramLabel = "RULE",
      description = {
        "Those of the circuit: top, the highest-ranked; greedy, edges grown from the logits;",
        "threshold=SCORE, all that rank so high; significant=LEVEL, all with q below. Default: top."
      })
  private @Nullable String select;

  @Option(
      names = "--ranking",
      paramLabel = "KIND",
      description = "By absolute or signed score. Default: absolute.")
  private @Nullable String ranking;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  /** The flags given, by key. */
  Map<String, Object> flags() {
    return Flags.given(command, SelectionOptions.class);
  }
}
