package dev.cotrace.cli;

import dev.cotrace.CircuitSize;
import dev.cotrace.CircuitSource;
import dev.cotrace.CircuitSweep;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.SpecYaml;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** On-policy faithfulness of circuits. */
@Command(
    name = "evaluate",
    description = {
      "Samples from circuits of several sizes and says how much of the behaviour each keeps.",
      "Random circuits of the same size stand beside them."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace evaluate runs/NAME",
      "  cotrace evaluate runs/NAME --sizes 1%%,2%%,5%% --rollouts 32 --seed 1",
      "  cotrace evaluate circuit.pt --model gpt2 --task ioi.csv --objective logit-diff"
    })
final class EvaluateCommand implements Callable<Integer> {
  private static final String LINE = "%-14s %8s  %-20s  %-20s  %-20s  %s%n";

  @Parameters(
      paramLabel = "RUN",
      description = "A run directory, or a circuit of ours or of EAP-IG, .json or .pt.")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path run;

  @Option(
      names = "--sizes",
      paramLabel = "SIZE",
      split = ",",
      description = "Edges, such as 200 or 5%%. Default: ${DEFAULT-VALUE}.",
      defaultValue = "1%,2%,5%,10%,20%,50%")
  private List<String> sizes = List.of();

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML of settings. Default: the run's spec.yaml.")
  private @Nullable Path config;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final SelectionOptions selection = new SelectionOptions();
  @Mixin private final DryRunOption dryRun = new DryRunOption();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    CircuitSource source = CircuitSource.of(run);
    Path circuit = source.file();
    Path settings = config == null ? source.settings() : config;
    Map<String, Object> flags = new HashMap<>(task.flags());
    flags.putAll(attribution.flags());
    flags.putAll(selection.flags());
    DiscoverySpec spec = SpecYaml.read(settings, flags);
    List<CircuitSize> wanted = sizes.stream().map(CircuitSize::parse).toList();
    if (dryRun.asked()) {
      dryRun.print(CircuitSweep.plan(spec, circuit, wanted, output.listener()), output);
    } else {
      CircuitSweep sweep = CircuitSweep.run(spec, circuit, wanted, output.listener());
      print(output.prose(), spec, sweep);
      if (output.json()) {
        output.out().println(sweep.json());
      }
    }
    output.out().flush();
    return 0;
  }

  private static void print(PrintWriter out, DiscoverySpec spec, CircuitSweep sweep) {
    out.printf(
        "%nJ(1) = %s clean, J(0) = %s corrupted (%s)%n%n",
        Numbers.text(sweep.clean()), Numbers.text(sweep.corrupted()), spec.objective());
    out.printf(LINE, "circuit", "edges", "J", "faithfulness", "random circuit's", "chosen");
    for (CircuitSweep.Row row : sweep.rows()) {
      out.printf(
          LINE,
          row.name(),
          row.circuit().edges(),
          Numbers.text(row.circuit().circuit()),
          Numbers.text(row.circuit().faithfulness()),
          Numbers.text(row.random().faithfulness()),
          row.selection());
    }
    out.flush();
  }
}
