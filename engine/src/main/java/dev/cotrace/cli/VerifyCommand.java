package dev.cotrace.cli;

import dev.cotrace.CircuitSource;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.Verification;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Scores beside real interventions. */
@Command(
    name = "verify",
    description = {
      "Really switches edges or other units, one at a time and in groups, and compares what that",
      "does with their scores. All is sampled with the same random numbers."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace verify runs/NAME --top 50",
      "  cotrace verify runs/NAME --top 20 --others 20 --rollouts 32",
      "  cotrace verify circuit.pt --model gpt2 --task ioi.csv --objective logit-diff"
    })
final class VerifyCommand implements Callable<Integer> {
  @Mixin private final CircuitOptions circuit = new CircuitOptions();

  @Option(
      names = "--top",
      paramLabel = "N",
      description = "Edges with the largest |score| to switch. Default: ${DEFAULT-VALUE}.",
      defaultValue = "50")
  private int top;

  @Option(
      names = "--others",
      paramLabel = "N",
      description = "Edges drawn from the rest to switch too. Default: ${DEFAULT-VALUE}.",
      defaultValue = "10")
  private int others;

  @Option(
      names = "--groups",
      paramLabel = "N",
      description = "Random groups of the top ones to switch. Default: ${DEFAULT-VALUE}.",
      defaultValue = "10")
  private int groups;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final DryRunOption dryRun = new DryRunOption();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    CircuitSource source = circuit.source();
    DiscoverySpec spec = circuit.spec(List.of(task.flags(), attribution.flags()));
    Verification.Choice choice =
        new Verification.Choice(top, others, groups, circuit.directory("verification"));
    if (dryRun.asked()) {
      dryRun.print(Verification.plan(spec, source, choice, output.listener()), output);
    } else {
      Verification verification = Verification.run(spec, source, choice, output.listener());
      VerificationTable.print(output.prose(), verification);
      if (output.json()) {
        output.out().println(verification.json());
      }
    }
    output.out().flush();
    return 0;
  }
}
