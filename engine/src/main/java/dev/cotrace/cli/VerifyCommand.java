package dev.cotrace.cli;

import dev.cotrace.CircuitSource;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.SpecYaml;
import dev.cotrace.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Scores beside real interventions. */
@Command(
    name = "verify",
    description = {
      "Really switches edges, one at a time and in groups, and compares what that does with their",
      "scores. All is sampled with the same random numbers."
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
  @Parameters(
      paramLabel = "RUN",
      description = "A run directory, or a circuit of ours or of EAP-IG, .json or .pt.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path run;

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
      description = "Random groups of the top edges to switch. Default: ${DEFAULT-VALUE}.",
      defaultValue = "10")
  private int groups;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Directory to make. Default: verification in RUN, or beside the circuit.")
  private @Nullable Path out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML of settings. Default: the run's spec.yaml.")
  private @Nullable Path config;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final DryRunOption dryRun = new DryRunOption();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    CircuitSource source = CircuitSource.of(run);
    Map<String, Object> flags = new HashMap<>(task.flags());
    flags.putAll(attribution.flags());
    DiscoverySpec spec = SpecYaml.read(config == null ? source.settings() : config, flags);
    Path directory = out == null ? source.free("verification") : out;
    Verification.Choice choice = new Verification.Choice(top, others, groups, directory);
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
