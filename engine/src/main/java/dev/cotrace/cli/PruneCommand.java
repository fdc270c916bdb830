package dev.cotrace.cli;

import dev.cotrace.CircuitSize;
import dev.cotrace.DiscoverySpec;
import dev.cotrace.Pruning;
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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Circuits by taking edges out. */
@Command(
    name = "prune",
    description = {
      "Finds a circuit by taking edges out of the whole model while sampling from what is left:",
      "by gates learned down the policy gradient, or by ACDC, one edge after the other."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    footer = {
      "",
      "Examples",
      "  cotrace prune --config runs/NAME/spec.yaml --edges 5%% --out mask",
      "  cotrace prune --config runs/NAME/spec.yaml --by acdc --threshold 0.02 --out acdc",
      "  cotrace evaluate mask                  # judge what was found",
      "  cotrace compare runs/NAME mask --config runs/NAME/spec.yaml"
    })
final class PruneCommand implements Callable<Integer> {
  @Option(
      names = "--by",
      paramLabel = "NAME",
      description = "learned-mask or acdc. Default: learned-mask.")
  private String by = "learned-mask";

  @Option(
      names = "--edges",
      paramLabel = "SIZE",
      description = "learned-mask: edges to keep, such as 200 or 5%%. Default: ${DEFAULT-VALUE}.",
      defaultValue = "5%")
  private String edges = "";

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "learned-mask: steps of the gradient. Default: ${DEFAULT-VALUE}.",
      defaultValue = "400")
  private int steps;

  @Option(
      names = "--rate",
      paramLabel = "X",
      description = "learned-mask: how far a step goes. Default: ${DEFAULT-VALUE}.",
      defaultValue = "0.1")
  private double rate;

  @Option(
      names = "--threshold",
      paramLabel = "X",
      description = {
        "acdc: an edge goes when faithfulness falls by less without it.",
        "Default: ${DEFAULT-VALUE}."
      },
      defaultValue = "0.01")
  private double threshold;

  @Option(names = "--out", paramLabel = "DIR", description = "Directory to make.", required = true)
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Path out;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML of settings, such as the spec.yaml of a run.")
  private @Nullable Path config;

  @Mixin private final TaskOptions task = new TaskOptions();
  @Mixin private final AttributionOptions attribution = new AttributionOptions();
  @Mixin private final DryRunOption dryRun = new DryRunOption();
  @Mixin private final OutputOptions output = new OutputOptions();

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec command;

  @Override
  public Integer call() throws IOException {
    Pruning.By way = Pruning.By.of(by);
    refuseOptionsOfOthers(way);
    Map<String, Object> flags = new HashMap<>(task.flags());
    flags.putAll(attribution.flags());
    DiscoverySpec spec = SpecYaml.read(config, flags);
    Pruning.Choice choice =
        new Pruning.Choice(way, CircuitSize.parse(edges), steps, rate, threshold, out);
    if (dryRun.asked()) {
      dryRun.print(Pruning.plan(spec, output.listener()), output);
    } else {
      Pruning pruning = Pruning.run(spec, choice, output.listener());
      print(output.prose(), pruning);
      if (output.json()) {
        output.out().println(pruning.json());
      }
    }
    output.out().flush();
    return 0;
  }

  /** An option that does nothing is a misunderstanding. */
  private void refuseOptionsOfOthers(Pruning.By way) {
    List<String> others =
        switch (way) {
          case LEARNED_MASK -> List.of("--threshold");
          case ACDC -> List.of("--edges", "--steps", "--rate");
        };
    for (String other : others) {
      if (command.commandLine().getParseResult().hasMatchedOption(other)) {
        throw new IllegalArgumentException(
            "%s has no meaning with --by %s; leave it out".formatted(other, way.label()));
      }
    }
  }

  private static void print(PrintWriter out, Pruning pruning) {
    out.printf(
        "%nJ(1) = %s clean, J(0) = %s corrupted%n%s: %d connected edges, J(C) = %s, faithfulness %s; of a random circuit of that size %s.%nFiles: %s%n",
        Numbers.text(pruning.clean()),
        Numbers.text(pruning.corrupted()),
        pruning.words(),
        pruning.faithfulness().edges(),
        Numbers.text(pruning.faithfulness().circuit()),
        Numbers.text(pruning.faithfulness().faithfulness()),
        Numbers.text(pruning.random().faithfulness()),
        pruning.path());
    out.flush();
  }
}
