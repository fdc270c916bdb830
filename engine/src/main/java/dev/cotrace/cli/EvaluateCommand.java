package dev.cotrace.cli;

import dev.cotrace.CircuitSize;
import dev.cotrace.CircuitSource;
import dev.cotrace.CircuitSweep;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.SweepSettings;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** On-policy faithfulness of circuits. */
@Command(
    name = "evaluate",
    description = {
      "Samples from circuits of several sizes and says how much of the behaviour each keeps,",
      "how far it departs from the model, and what it says. Random circuits and those of the",
      "largest activations stand beside them, and whether the circuit is complete and minimal."
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
  @Mixin private final CircuitOptions circuit = new CircuitOptions();

  @Option(
      names = "--sizes",
      paramLabel = "SIZE",
      split = ",",
      description = {
        "Edges, or other units, such as 200 or 5%%. Default, which is MIB's:",
        "${DEFAULT-VALUE}."
      },
      defaultValue = SweepSettings.MIB_SIZES)
  private List<String> sizes = List.of();

  @Option(
      names = "--knockouts",
      paramLabel = "N",
      description = "Random halves of the circuit to take out, for completeness. Default: 3.",
      defaultValue = "3")
  private int knockouts;

  @Option(
      names = "--removals",
      paramLabel = "N",
      description =
          "Edges, or other units, of it to take out one by one, for minimality. Default: 10.",
      defaultValue = "10")
  private int removals;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final SelectionOptions selection = new SelectionOptions();
  @Mixin private final DryRunOption dryRun = new DryRunOption();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Override
  public Integer call() throws IOException {
    CircuitSource source = circuit.source();
    DiscoverySpec spec =
        circuit.spec(List.of(task.flags(), attribution.flags(), selection.flags()));
    SweepSettings wanted =
        new SweepSettings(
            sizes.stream().map(CircuitSize::parse).toList(),
            knockouts,
            removals,
            circuit.directory("evaluation"));
    if (dryRun.asked()) {
      dryRun.print(CircuitSweep.plan(spec, source.file(), wanted, output.listener()), output);
    } else {
      CircuitSweep sweep = CircuitSweep.run(spec, source.file(), wanted, output.listener());
      SweepTable.print(output.prose(), sweep);
      if (output.json()) {
        output.out().println(sweep.json());
      }
    }
    output.out().flush();
    return 0;
  }
}
